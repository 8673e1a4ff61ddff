import type { Client } from "@setpoint/client";

/**
 * Give your configuration's type once, and `request.config` and `currentConfig()` have it everywhere:
 * `declare module "@setpoint/fastify" { interface Register { config: ConfigOf<typeof project> } }`
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- an application fills it in by declaration merging
export interface Register {}

/** The registered configuration's type; without one, a tree of JSON values. */
export type RegisteredConfig = Register extends { readonly config: infer Config } ? Config : Client["config"];
