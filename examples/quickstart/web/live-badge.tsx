import { useSetpointStatus } from "@setpoint/react";
import type { ReactElement } from "react";

const words = {
  connecting: "Connecting",
  live: "Live",
  stale: "Stale",
  closed: "Closed",
} as const;

const hints = {
  connecting: "Showing what came with the page.",
  live: "Every change shows here at once.",
  stale: "The shop cannot be reached. Showing what was last known.",
  closed: "This page follows no changes any more.",
} as const;

/** Whether the page is in step with the server, and which revision it shows. */
export function LiveBadge(): ReactElement {
  const { state, revision } = useSetpointStatus(({ state, revision }) => ({ state, revision }));
  return (
    <p className="badge" data-state={state} title={hints[state]}>
      <span className="dot" aria-hidden="true" />
      <span role="status">{words[state]}</span>
      <span className="revision">revision {revision}</span>
    </p>
  );
}
