import type { ConfigOf } from "@setpoint/core";
import type project from "./setpoint.config.ts";

export type Config = ConfigOf<typeof project>;

/** The six parameters. */
export type DtesnConfig = Config["dtesn"];

declare module "@setpoint/fastify" {
  interface Register {
    readonly config: Config;
  }
}
