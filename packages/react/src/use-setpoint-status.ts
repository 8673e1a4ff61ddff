import type { ClientStatus } from "@setpoint/client/browser";
import { useSelection } from "./use-selection.ts";

type Selector<Selected> = (status: ClientStatus) => Selected;

/** How good what is shown is. Every heartbeat moves the cursor, so select what matters: `useSetpointStatus((status) => status.state)`. */
export function useSetpointStatus(): ClientStatus;
export function useSetpointStatus<Selected>(selector: Selector<Selected>): Selected;
export function useSetpointStatus(selector?: Selector<unknown>): unknown {
  return useSelection("status", selector);
}
