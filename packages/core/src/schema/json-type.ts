import type { Json } from "../json.ts";

/** The six kinds of JSON values. `integer` of JSON Schema is a `number` here. */
export const jsonTypes = ["null", "boolean", "number", "string", "array", "object"] as const;
export type JsonType = (typeof jsonTypes)[number];

/** The kind of a JSON value. */
export function jsonTypeOf(value: Json): JsonType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value as JsonType;
}
