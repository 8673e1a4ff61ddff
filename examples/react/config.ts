import type { ConfigOf } from "@setpoint/core";
import type project from "./setpoint.config.ts";

/** The tree that this example's schema describes. */
export type Config = ConfigOf<typeof project>;

declare module "@setpoint/express" {
  interface Register {
    readonly config: Config;
  }
}

declare module "@setpoint/react" {
  interface Register {
    readonly config: Config;
  }
}
