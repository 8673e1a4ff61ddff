import { canonicalJson, type Json } from "../json.ts";
import { jsonTypeOf } from "./json-type.ts";
import { schemaLimits } from "./limits.ts";

/** What keeps a value from being JSON within bounds. */
export type JsonValueRefusal = "too_deep" | "too_large" | "not_json";

/**
 * Why something is not a JSON value of at most `levelsMax` levels and about `charactersMax` characters.
 * Never throws, stops at the first finding, and therefore ends on cyclic objects, too.
 */
export function jsonValueRefusal(value: unknown, levelsMax: number, charactersMax: number): JsonValueRefusal | undefined {
  if (typeof value !== "object" || value === null) return scalarRefusal(value);
  const pending: { value: object; level: number }[] = [{ value, level: 1 }];
  let characters = 0;
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (next.level > levelsMax) return "too_deep";
    if (!isPlain(next.value)) return "not_json";
    const members = Array.isArray(next.value) ? next.value : Object.values(next.value);
    if (!Array.isArray(next.value)) for (const name of Object.keys(next.value)) characters += name.length + 3;
    characters += members.length + 2;
    if (characters > charactersMax) return "too_large";
    for (let index = 0; index < members.length; index += 1) {
      const member: unknown = members[index];
      if (typeof member === "object" && member !== null) pending.push({ value: member, level: next.level + 1 });
      else if (scalarRefusal(member)) return "not_json";
      else characters += typeof member === "string" ? member.length + 2 : 1;
    }
    if (characters > charactersMax) return "too_large";
  }
  return undefined;
}

/** What an issue repeats of a value: itself while it is small, else a text that names its kind and length. */
export function receivedOf(value: unknown): Json {
  const refusal = jsonValueRefusal(value, schemaLimits.levelsMax, schemaLimits.receivedCharactersMax);
  if (refusal === "not_json") return null;
  if (refusal) return `${Array.isArray(value) ? "an array" : typeof value === "object" ? "an object" : "a value"} too large to repeat`;
  const json = value as Json;
  if (typeof json !== "string" && typeof json !== "object") return json;
  const { length } = canonicalJson(json);
  return length <= schemaLimits.receivedCharactersMax ? json : `${jsonTypeOf(json)} of ${length} characters`;
}

function scalarRefusal(value: unknown): JsonValueRefusal | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return undefined;
  return typeof value === "number" && Number.isFinite(value) ? undefined : "not_json";
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}
