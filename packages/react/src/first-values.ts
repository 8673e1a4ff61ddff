import type { Client, InitialState } from "@setpoint/client/browser";
import type { RegisteredConfig } from "./register.ts";

/** What a component can be shown. */
export type Shown = Pick<Client<RegisteredConfig>, "config" | "status">;

/** What is shown before anything is connected, equal on a server and in a page: the tree that a client would build, and how good it is. */
export function firstValues(initial: InitialState | undefined): Shown {
  const root: Record<string, unknown> = {};
  for (const key in initial?.values) {
    const segments = key.split(".");
    const last = segments.pop() as string;
    let branch = root;
    for (const segment of segments) branch = (branch[segment] ??= {}) as typeof root;
    branch[last] = initial.values[key];
  }
  const cursor = initial?.cursor;
  return {
    config: JSON.parse(JSON.stringify(root), (_member, value: unknown) => Object.freeze(value)) as RegisteredConfig,
    status: { state: "connecting", source: cursor ? "initial" : "none", cursor, revision: parseInt(cursor ?? "0"), since: 0, attempts: 0 },
  };
}
