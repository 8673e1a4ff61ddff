import { z } from "zod";
import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import { metadataKeywords } from "./zod-metadata.ts";
import { zodRefusal, type ZodRefusal } from "./zod-refusal.ts";
import { stringKeywordsOf } from "./zod-strings.ts";

/** A schema as data, or the first thing in the zod type that it cannot carry. */
export type ToJsonSchema = { readonly ok: true; readonly document: JsonObject } | { readonly ok: false; readonly refusal: ZodRefusal };

/**
 * The JSON Schema 2020-12 of what a zod type takes in, with `.meta()` as x-setpoint-* keywords wherever in a chain it was called.
 * Whatever JSON Schema would silently lose (refinements, transforms, coercion, flags of expressions) is refused or carried.
 */
export function toJsonSchema(type: z.core.$ZodType): ToJsonSchema {
  const refusal = zodRefusal(type);
  if (refusal) return { ok: false, refusal };
  let unrepresentable: ZodRefusal | undefined;
  try {
    const raw = z.toJSONSchema(type, {
      io: "input",
      target: "draft-2020-12",
      override: ({ zodSchema, jsonSchema, path }) => {
        const { def } = zodSchema._zod;
        if (def.type !== "string" && def.type !== "template_literal") return;
        for (const keyword of ["format", "pattern", "allOf", "contentEncoding"]) Reflect.deleteProperty(jsonSchema, keyword);
        const strings = stringKeywordsOf(zodSchema as z.core.$ZodString | z.core.$ZodTemplateLiteral);
        if (strings.ok) Object.assign(jsonSchema, strings.keywords);
        else unrepresentable ??= { path: pathOf(path), reason: strings.reason };
      },
    });
    if (unrepresentable) return { ok: false, refusal: unrepresentable };
    return { ok: true, document: tidied(JSON.parse(JSON.stringify(raw)) as Json) as JsonObject };
  } catch (cause) {
    return {
      ok: false,
      refusal: { path: "(root)", reason: cause instanceof Error ? cause.message : "zod cannot write it as JSON Schema" },
    };
  }
}

const schemaMembers = ["items", "additionalProperties", "propertyNames", "not"] as const;
const schemaLists = ["prefixItems", "anyOf", "oneOf", "allOf"] as const;
const schemaMaps = ["properties", "$defs"] as const;

/** The same schema with metadata under their keywords, and with those of a nullable type on the key instead of inside it. */
function tidied(schema: Json): Json {
  if (!isJsonObject(schema)) return schema;
  const result: Record<string, Json> = {};
  for (const [name, value] of Object.entries(schema)) define(result, metadataKeywords.get(name) ?? name, value);
  for (const keyword of schemaMembers) if (result[keyword] !== undefined) result[keyword] = tidied(result[keyword]);
  for (const keyword of schemaLists) {
    const list = result[keyword];
    if (Array.isArray(list)) result[keyword] = (list as readonly Json[]).map(tidied);
  }
  for (const keyword of schemaMaps) {
    const map = result[keyword];
    if (!isJsonObject(map)) continue;
    const members: Record<string, Json> = {};
    for (const [name, member] of Object.entries(map)) define(members, name, tidied(member));
    result[keyword] = members;
  }
  if (result["x-setpoint-entries"] === "keys" && JSON.stringify(result["propertyNames"]) === '{"type":"string"}')
    delete result["propertyNames"];
  return hoisted(result);
}

/** Whether a keyword belongs to the key rather than to one alternative of its type. */
function isOfKey(keyword: string): boolean {
  return keyword.startsWith("x-setpoint-") || ["title", "description", "default", "deprecated", "examples"].includes(keyword);
}

/** `anyOf: [something, null]` says about the key what it says about the something, unless it says so itself. */
function hoisted(schema: Record<string, Json>): Json {
  const alternatives = schema["anyOf"];
  if (!Array.isArray(alternatives) || alternatives.length !== 2) return schema;
  const [some, none] = alternatives as readonly Json[];
  if (some === undefined || !isJsonObject(some) || JSON.stringify(none) !== '{"type":"null"}') return schema;
  const moved = Object.entries(some).filter(([keyword]) => isOfKey(keyword));
  const rest: JsonObject = Object.fromEntries(Object.entries(some).filter(([keyword]) => !isOfKey(keyword)));
  const outer = Object.fromEntries(Object.entries(schema).filter(([keyword]) => keyword !== "anyOf"));
  return { ...Object.fromEntries(moved), ...outer, ...nullable(rest, outer) };
}

/** A bare type and null are written as two types, as zod does where nothing is said about the key. */
function nullable(rest: JsonObject, outer: JsonObject): JsonObject {
  const { type } = rest;
  if (Object.keys(rest).length !== 1 || typeof type !== "string" || outer["type"] !== undefined) return { anyOf: [rest, { type: "null" }] };
  return { type: [type, "null"] };
}

function define(object: Record<string, Json>, name: string, value: Json): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}

/** zod's path through a schema as the path through values. */
function pathOf(path: readonly (string | number)[]): string {
  const names: string[] = [];
  for (let index = 0; index < path.length; index += 1) {
    const token = path[index];
    if (token === "properties") names.push(String(path[(index += 1)]));
    else if (token === "additionalProperties") names.push("*");
    else if (token === "items" || token === "prefixItems") names.push(`${names.pop() ?? ""}[]`);
  }
  return names.length === 0 ? "(root)" : names.join(".");
}
