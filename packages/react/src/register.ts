import type { Client } from "@setpoint/client/browser";

/**
 * Give your configuration's type once, and every `useConfig` has it:
 * `declare module "@setpoint/react" { interface Register { config: ConfigOf<typeof project> } }`
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- an application fills it in by declaration merging
export interface Register {}

/** The registered configuration's type; without one, a tree of JSON values. */
export type RegisteredConfig = Register extends { readonly config: infer Config } ? Config : Client["config"];
