import type { Effect } from "./model.ts";

/** What `.meta()` tells Setpoint about a key. On an object it holds for all keys below unless they say otherwise. */
export interface SetpointMetadata {
  /** What the key does, for people. */
  description?: string | undefined;
  /** What a change of it affects, for people. */
  impact?: string | undefined;
  unit?: string | undefined;
  owner?: string | undefined;
  deprecated?: boolean | undefined;
  /** Whether browsers may read it. */
  client?: boolean | undefined;
  /** Whether users may set a preference for it. */
  userEditable?: boolean | undefined;
  /** A secret: masked in every output. */
  sensitive?: boolean | undefined;
  /** What a changed value asks of a running component. */
  effect?: Effect | undefined;
}

declare module "zod/v4/core" {
  interface GlobalMeta extends SetpointMetadata {
    /** On a record: each entry becomes a key of its own. */
    entries?: "keys" | undefined;
  }
}

/** The JSON Schema keyword of each member that JSON Schema does not have itself. */
export const metadataKeywords: ReadonlyMap<string, string> = new Map([
  ["impact", "x-setpoint-impact"],
  ["unit", "x-setpoint-unit"],
  ["owner", "x-setpoint-owner"],
  ["client", "x-setpoint-client"],
  ["userEditable", "x-setpoint-user-editable"],
  ["sensitive", "x-setpoint-sensitive"],
  ["effect", "x-setpoint-effect"],
  ["entries", "x-setpoint-entries"],
]);
