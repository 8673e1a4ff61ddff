import type { z } from "zod";
import { SetpointError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { compileSchema } from "./compile-schema.ts";
import { toJsonSchema } from "./to-json-schema.ts";
import type {} from "./zod-metadata.ts";

/** Any zod object, named by the little that its type needs: an application's zod may be another copy than this package's. */
export interface ZodObjectType {
  readonly _zod: { readonly output: unknown; readonly def: { readonly type: "object" } };
}

/** A namespace's schema as written in zod, with the JSON Schema 2020-12 that is registered for it. */
export interface DefinedSchema<T extends ZodObjectType = ZodObjectType> {
  readonly zod: T;
  readonly document: JsonObject;
}

/**
 * Turns a zod object into a namespace's schema. Metadata come from `.meta()` (see `SetpointMetadata`).
 * Faults: `validation_failed`, naming the path and the way out, where the type says something that a schema as data cannot keep.
 */
export function defineSchema<T extends ZodObjectType>(zod: T): DefinedSchema<T> {
  const converted = toJsonSchema(zod as unknown as z.core.$ZodType);
  if (!converted.ok) throw new SetpointError("validation_failed", `${converted.refusal.path}: ${converted.refusal.reason}.`);
  const { document } = converted;
  const compiled = compileSchema("schema", document);
  if (!compiled.ok) throw new SetpointError("validation_failed", compiled.issues.map(({ message }) => message).join(" "));
  return { zod, document };
}
