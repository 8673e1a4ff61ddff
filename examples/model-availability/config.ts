import type { ConfigOf } from "@setpoint/core";
import type project from "./setpoint.config.ts";

export type Config = ConfigOf<typeof project>;

/** `automation_level` and the seven sections. */
export type ModelSettings = Config["models"];

declare module "@setpoint/express" {
  interface Register {
    readonly config: Config;
  }
}
