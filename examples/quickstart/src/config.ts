import type { ConfigOf } from "@setpoint/core";
import type project from "../setpoint.config.ts";

/** The tree that the project's schemas describe; both sides of the shop read it. */
export type Config = ConfigOf<typeof project>;

export type ShopConfig = Config["shop"];

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
