import { isJsonObject, type Json, type JsonObject, parseJson } from "@setpoint/core";

type TypeName = "null" | "boolean" | "integer" | "number" | "string" | "array" | "object";
const typeNames: ReadonlySet<string> = new Set<TypeName>(["null", "boolean", "integer", "number", "string", "array", "object"]);

/** The part of a namespace's JSON Schema that a key's segments (without the namespace) lead to; `undefined` where it declares none. */
export function leafSchema(schema: JsonObject, segments: readonly string[]): Json | undefined {
  let node: Json | undefined = schema;
  for (const segment of segments) {
    if (!isJsonObject(node)) return undefined;
    const { properties, additionalProperties }: JsonObject = node;
    node = isJsonObject(properties) && Object.hasOwn(properties, segment) ? properties[segment] : additionalProperties;
  }
  return node;
}

/** The JSON types that a part of a schema takes; `undefined` = it does not say. */
export function typesOf(schema: Json | undefined): ReadonlySet<TypeName> | undefined {
  if (!isJsonObject(schema)) return undefined;
  const { type, enum: values, const: constant, anyOf, oneOf } = schema;
  const named = (Array.isArray(type) ? type : [type]).filter((name): name is TypeName => typeNames.has(name as string));
  if (named.length > 0) return new Set(named);
  if (Array.isArray(values)) return new Set(values.flatMap(typesOfValue));
  if (constant !== undefined) return new Set(typesOfValue(constant));
  const branches = Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : [];
  const types = branches.map(typesOf);
  return types.length === 0 || types.includes(undefined)
    ? undefined
    : types.reduce((all, some) => all?.union(some ?? new Set()), new Set<TypeName>());
}

export type ValueFromText = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly reason: string };

/**
 * The value that a word of the command line means: JSON, unless the schema wants text there. So `25` is a number for a
 * number and "25" for a text, and quotes around a text may be left out.
 */
export function valueFromText(text: string, types: ReadonlySet<TypeName> | undefined): ValueFromText {
  const parsed = parseJson(text);
  const mayBeText = types === undefined || types.has("string");
  if (!parsed.ok) {
    return mayBeText ? { ok: true, value: text } : { ok: false, reason: parsed.refusal.reason };
  }
  const isMeant = types === undefined || typesOfValue(parsed.value).some((type) => types.has(type));
  return { ok: true, value: isMeant || !mayBeText ? parsed.value : text };
}

function typesOfValue(value: Json): TypeName[] {
  if (value === null) return ["null"];
  if (Array.isArray(value)) return ["array"];
  if (typeof value === "number") return Number.isInteger(value) ? ["integer", "number"] : ["number"];
  return [typeof value as TypeName];
}
