import { canonicalJson, type Json } from "../json.ts";
import { formats } from "./formats.ts";
import { jsonTypeOf, jsonTypes, type JsonType } from "./json-type.ts";
import { keywordOf, numberOf, type SchemaNode } from "./schema-node.ts";

const summaryKeywords = [
  "type",
  "const",
  "enum",
  "minimum",
  "exclusiveMinimum",
  "maximum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "pattern",
  "format",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minProperties",
  "maxProperties",
  "required",
  "additionalProperties",
] as const;
const listedMax = 10;
const alternativesMax = 20;
const phraseCharactersMax = 300;
const summaryCharactersMax = 4_096;

/** A number keyword; the bounds of the exact integers are no bound that anybody wrote on purpose. */
function boundOf(node: SchemaNode, keyword: string): number | undefined {
  const value = numberOf(node, keyword);
  return value === undefined || Math.abs(value) === Number.MAX_SAFE_INTEGER ? undefined : value;
}

/** The `type` keyword as a list; empty when the node has none. */
export function typeNamesOf(node: SchemaNode): readonly string[] {
  const type = keywordOf(node, "type");
  return typeof type === "string" ? [type] : Array.isArray(type) ? (type as readonly string[]) : [];
}

const accepted = new WeakMap<SchemaNode, ReadonlySet<JsonType>>();

/** The kinds of JSON that a schema lets through at all; it may still refuse each of them. */
export function acceptedTypesOf(node: SchemaNode): ReadonlySet<JsonType> {
  const known = accepted.get(node) ?? computeAcceptedTypes(node);
  accepted.set(node, known);
  return known;
}

function computeAcceptedTypes(node: SchemaNode): ReadonlySet<JsonType> {
  if (typeof node.schema === "boolean") return new Set(node.schema ? jsonTypes : []);
  let types: ReadonlySet<JsonType> = new Set(jsonTypes);
  const names = typeNamesOf(node);
  if (names.length > 0) types = new Set(names.map((name) => (name === "integer" ? "number" : name) as JsonType));
  const constant = keywordOf(node, "const");
  if (constant !== undefined) types = types.intersection(new Set([jsonTypeOf(constant)]));
  const values = keywordOf(node, "enum");
  if (Array.isArray(values)) types = types.intersection(new Set((values as readonly Json[]).map(jsonTypeOf)));
  for (const alternatives of [node.anyOf, node.oneOf]) {
    if (alternatives.length === 0) continue;
    const union = alternatives.reduce((all, one) => all.union(acceptedTypesOf(one)), new Set<JsonType>());
    types = types.intersection(union);
  }
  for (const part of node.ref ? [node.ref, ...node.allOf] : node.allOf) types = types.intersection(acceptedTypesOf(part));
  return types;
}

/** What a value must be, for people: "an integer between 1 and 64", "one of "a", "b" or null". Short whatever the schema. */
export function phraseOf(node: SchemaNode): string {
  if (typeof node.schema === "boolean") return node.schema ? "any JSON value" : "absent: no value is allowed here";
  const constant = keywordOf(node, "const");
  if (constant !== undefined) return `exactly ${quote(constant)}`;
  const values = keywordOf(node, "enum");
  if (Array.isArray(values)) return oneOfPhrase(values as readonly Json[]);
  const alternatives = node.anyOf.length > 0 ? node.anyOf : node.oneOf;
  if (alternatives.length > 0) return alternativesPhrase(alternatives.map(phraseOf));
  const names = typeNamesOf(node);
  if (names.length > 0) return alternativesPhrase(names.map((name) => typePhrase(node, name)));
  const [part] = node.ref ? [node.ref] : node.allOf;
  if (part) return phraseOf(part);
  return node.not ? `something other than ${phraseOf(node.not)}` : "any JSON value";
}

/** The end of "must be …" for numeric bounds, such as "an integer between 1 and 64". */
export function numberPhrase(node: SchemaNode): string {
  const names = typeNamesOf(node);
  return `${names.includes("integer") && !names.includes("number") ? "an integer" : "a number"}${boundsPhrase(node)}`;
}

/** "between 1 and 3 characters" and the like; `undefined` without bounds. */
export function countPhrase(node: SchemaNode, minimum: string, maximum: string, noun: string): string | undefined {
  const least = numberOf(node, minimum);
  const most = numberOf(node, maximum);
  const counted = (count: number) => `${count} ${noun}${count === 1 ? "" : "s"}`;
  if (least !== undefined && most !== undefined) return least === most ? `exactly ${counted(least)}` : `${least} to ${counted(most)}`;
  if (least !== undefined) return `at least ${counted(least)}`;
  return most === undefined ? undefined : `at most ${counted(most)}`;
}

/** "one of …" with the first values. */
export function oneOfPhrase(values: readonly Json[]): string {
  if (values.length === 1) return `exactly ${quote(values[0] as Json)}`;
  const listed = values.slice(0, listedMax).map(quote).join(", ");
  return values.length > listedMax ? `one of ${listed}, … (${values.length} in all)` : `one of ${listed}`;
}

/** A value for sentences, cut to a readable length. */
export function quote(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** A small JSON value that says what was expected: the node's own keywords without texts and without subschemas of members. */
export function summaryOf(node: SchemaNode): Json {
  const known = summaries.get(node) ?? computeSummary(node);
  summaries.set(node, known);
  return known;
}

/** Every violation tells the summary, and to find that a long list is too long takes writing it. */
const summaries = new WeakMap<SchemaNode, Json>();

function computeSummary(node: SchemaNode): Json {
  const summary = summarise(node, alternativesMax);
  return canonicalJson(summary).length <= summaryCharactersMax ? summary : { type: [...acceptedTypesOf(node)] };
}

function summarise(node: SchemaNode, alternatives: number): Json {
  if (typeof node.schema === "boolean") return node.schema;
  const summary: Record<string, Json> = {};
  for (const keyword of summaryKeywords) {
    const value = keywordOf(node, keyword);
    if (value !== undefined && !isSilent(keyword, value)) summary[keyword] = value;
  }
  // Alternatives inside alternatives are left out: the message says enough, and their number has no bound.
  if (node.anyOf.length > 0 && alternatives > 0) summary["anyOf"] = node.anyOf.slice(0, alternatives).map((one) => summarise(one, 0));
  if (node.oneOf.length > 0 && alternatives > 0) summary["oneOf"] = node.oneOf.slice(0, alternatives).map((one) => summarise(one, 0));
  return Object.keys(summary).length === 0 && node.ref ? summarise(node.ref, alternatives) : summary;
}

function isSilent(keyword: string, value: Json): boolean {
  if (keyword === "additionalProperties") return value !== false;
  return (keyword === "minimum" || keyword === "maximum") && Math.abs(value as number) === Number.MAX_SAFE_INTEGER;
}

function alternativesPhrase(phrases: readonly string[]): string {
  const distinct = [...new Set(phrases)];
  const last = distinct.at(-1) ?? "";
  const phrase = distinct.length === 1 ? last : `${distinct.slice(0, -1).join(", ")} or ${last}`;
  return distinct.length > listedMax || phrase.length > phraseCharactersMax ? `one of ${distinct.length} alternatives` : phrase;
}

function typePhrase(node: SchemaNode, name: string): string {
  switch (name) {
    case "null":
      return "null";
    case "boolean":
      return "true or false";
    case "integer":
    case "number":
      return `${name === "integer" ? "an integer" : "a number"}${boundsPhrase(node)}`;
    case "string":
      return stringPhrase(node);
    case "array":
      return withCount("a list", countPhrase(node, "minItems", "maxItems", "item"));
    default:
      return withCount("an object", countPhrase(node, "minProperties", "maxProperties", "member"));
  }
}

function stringPhrase(node: SchemaNode): string {
  const format = keywordOf(node, "format");
  const phrase = typeof format === "string" ? (formats.get(format)?.phrase ?? "a text") : "a text";
  const counted = withCount(phrase, countPhrase(node, "minLength", "maxLength", "character"));
  return node.pattern ? `${counted} that matches ${shortPattern(node.pattern.source)}` : counted;
}

/** A pattern for sentences. */
export function shortPattern(source: string): string {
  return source.length > 80 ? `${source.slice(0, 77)}...` : source;
}

function withCount(phrase: string, count: string | undefined): string {
  return count === undefined ? phrase : `${phrase} of ${count}`;
}

function boundsPhrase(node: SchemaNode): string {
  const minimum = boundOf(node, "minimum");
  const above = boundOf(node, "exclusiveMinimum");
  const maximum = boundOf(node, "maximum");
  const below = boundOf(node, "exclusiveMaximum");
  const isMinimumStricter = minimum !== undefined && (above === undefined || minimum > above);
  const isMaximumStricter = maximum !== undefined && (below === undefined || maximum < below);
  if (isMinimumStricter && isMaximumStricter) return ` between ${minimum} and ${maximum}`;
  const least = isMinimumStricter ? `of at least ${minimum}` : above === undefined ? undefined : `greater than ${above}`;
  const most = isMaximumStricter ? `at most ${maximum}` : below === undefined ? undefined : `less than ${below}`;
  if (least !== undefined && most !== undefined) return ` ${least} and ${most}`;
  if (least !== undefined) return ` ${least}`;
  return most === undefined ? "" : ` ${most.startsWith("at") ? `of ${most}` : most}`;
}
