import { isJsonObject, type Json, type JsonObject } from "@setpoint/core";
import { typesOf } from "./value-from-text.ts";

const depthMax = 4;
const propertiesMax = 6;

/** A short value of the shape that a part of a schema takes, to be shown to people; `undefined` where the schema does not say enough. */
export function exampleValue(schema: Json | undefined, depth = 0): Json | undefined {
  if (!isJsonObject(schema) || depth > depthMax) return undefined;
  const { examples, default: fallback, const: constant, enum: values, anyOf, oneOf } = schema;
  const ready = [Array.isArray(examples) ? examples[0] : undefined, constant, Array.isArray(values) ? values[0] : undefined, fallback];
  const given = ready.find((value) => value !== undefined && !isEmpty(value));
  if (given !== undefined) return given;
  const [type] = typesOf(schema) ?? [];
  if (type === "array") return exampleArray(schema, depth);
  if (type === "object") return exampleObject(schema, depth);
  if (type === "boolean") return true;
  if (type === "string") return "text";
  if (type === "integer" || type === "number") return typeof schema["minimum"] === "number" ? schema["minimum"] : 1;
  return exampleValue([anyOf, oneOf].find((branches) => Array.isArray(branches))?.[0], depth + 1);
}

/** An empty default shows no shape. */
function isEmpty(value: Json): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function exampleArray({ items }: JsonObject, depth: number): Json {
  const item = exampleValue(items, depth + 1);
  return item === undefined ? [] : [item];
}

function exampleObject({ properties, additionalProperties }: JsonObject, depth: number): Json {
  const named = isJsonObject(properties) ? Object.entries(properties).slice(0, propertiesMax) : [];
  const open = isJsonObject(additionalProperties) && named.length === 0 ? [["name", additionalProperties] as const] : [];
  const entries = [...named, ...open].map(([name, part]) => [name, exampleValue(part, depth + 1)] as const);
  return Object.fromEntries(entries.filter((entry): entry is readonly [string, Json] => entry[1] !== undefined));
}
