import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { canonicalJson, isJsonObject, type Json } from "../json.ts";
import { keywords } from "./keywords.ts";
import { keywordOf, type SchemaNode } from "./schema-node.ts";
import type { LeafPlace, Place } from "./schema-tree.ts";

/**
 * 16 hex of sha256 over what a schema means: keys, types, constraints, defaults, who may read and edit, rules.
 * Texts, examples, the order of members and of lists without order, and spellings that mean the same do not count.
 */
export function fingerprintOf(place: Place): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(meaningOfPlace(place, new Map()))))).slice(0, 16);
}

const digestedFrom = 1_024;

type Meanings = Map<SchemaNode, Json>;

function meaningOfPlace(place: Place, known: Meanings): Json {
  if (place.kind === "leaf") return meaningOfLeaf(place, known);
  const members = [...place.members].map(([name, member]): Json => [name, meaningOfPlace(member, known)]);
  return { members: sorted(members), ...(place.entry && { entry: meaningOfPlace(place.entry, known) }) };
}

function meaningOfLeaf(leaf: LeafPlace, known: Meanings): Json {
  const { client, userEditable, sensitive, effect } = leaf.metadata;
  const { required } = leaf;
  const schema = meaningOf(leaf.node, known);
  return { schema, required, client, userEditable, sensitive, effect, ...(leaf.default !== undefined && { default: leaf.default }) };
}

function meaningOf(node: SchemaNode, known: Meanings): Json {
  const found = known.get(node);
  if (found !== undefined) return found;
  const meaning = typeof node.schema === "boolean" ? node.schema : meaningOfKeywords(node, known);
  // What many references share is written out once per reference; its digest keeps that bounded.
  const text = canonicalJson(meaning);
  const short = text.length <= digestedFrom ? meaning : { sha256: bytesToHex(sha256(utf8ToBytes(text))) };
  known.set(node, short);
  return short;
}

const unorderedLists: ReadonlySet<string> = new Set(["enum", "required"]);
const subschemaKeywords: ReadonlySet<string> = new Set([
  "$ref",
  "properties",
  "prefixItems",
  "items",
  "additionalProperties",
  "propertyNames",
  "anyOf",
  "oneOf",
  "allOf",
  "not",
  "type",
]);

function meaningOfKeywords(node: SchemaNode, known: Meanings): Json {
  const meaning: Record<string, Json> = {};
  const types = normalTypes(keywordOf(node, "type"));
  if (types) meaning["type"] = types.length === 1 ? (types[0] as Json) : types;
  for (const [name, value] of Object.entries(node.schema) as [string, Json][]) {
    if (keywords.get(name)?.isAnnotation !== false || subschemaKeywords.has(name) || isWithoutEffect(name, value, types)) continue;
    meaning[name] = unorderedLists.has(name) ? sorted(value as readonly Json[]) : value;
  }
  const properties = [...node.properties].map(([name, property]): Json => [name, meaningOf(property, known)]);
  if (properties.length > 0) meaning["properties"] = sorted(properties);
  if (node.prefixItems.length > 0) meaning["prefixItems"] = node.prefixItems.map((item) => meaningOf(item, known));
  for (const keyword of ["items", "additionalProperties", "propertyNames", "not"] as const) {
    const child = node[keyword];
    const schema = child && meaningOf(child, known);
    if (schema !== undefined && (keyword === "not" || !isEverything(schema))) meaning[keyword] = schema;
  }
  if (node.oneOf.length > 0) meaning["oneOf"] = sorted(node.oneOf.map((one) => meaningOf(one, known)));
  const allOf = [...(node.ref ? [node.ref] : []), ...node.allOf].map((one) => meaningOf(one, known));
  addAlternatives(
    meaning,
    node.anyOf.map((one) => meaningOf(one, known)),
  );
  if (allOf.length > 0) meaning["allOf"] = sorted(allOf);
  return soleReference(meaning);
}

/** `anyOf` of bare types is a list of types. */
function addAlternatives(meaning: Record<string, Json>, alternatives: readonly Json[]): void {
  if (alternatives.length === 0) return;
  const isBare = (one: Json) => isJsonObject(one) && Object.keys(one).length === 1 && one["type"] !== undefined;
  if (meaning["type"] === undefined && alternatives.every(isBare)) {
    const types = normalTypes(alternatives.flatMap((one) => (one as { type: Json }).type)) ?? [];
    meaning["type"] = types.length === 1 ? (types[0] as Json) : types;
  } else meaning["anyOf"] = sorted(alternatives);
}

/** A schema that consists of one reference or one part means what that means. */
function soleReference(meaning: Record<string, Json>): Json {
  const allOf = meaning["allOf"];
  return Array.isArray(allOf) && allOf.length === 1 && Object.keys(meaning).length === 1 ? (allOf[0] as Json) : meaning;
}

/** Sorted, without `integer` beside `number`. */
function normalTypes(type: Json | undefined): readonly string[] | undefined {
  if (type === undefined) return undefined;
  const names = new Set(typeof type === "string" ? [type] : (type as readonly string[]));
  if (names.has("number")) names.delete("integer");
  return [...names].toSorted();
}

/** Constraints that every value fulfils, and the bounds of the exact integers that authoring tools add on their own. */
function isWithoutEffect(name: string, value: Json, types: readonly string[] | undefined): boolean {
  if (name === "minimum" || name === "maximum") {
    const isIntegers = types?.includes("integer") === true;
    return isIntegers && value === (name === "minimum" ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER);
  }
  if (name === "minLength" || name === "minItems" || name === "minProperties") return value === 0;
  if (name === "uniqueItems") return value === false;
  return name === "required" && (value as readonly Json[]).length === 0;
}

function isEverything(schema: Json): boolean {
  return schema === true || (isJsonObject(schema) && Object.keys(schema).length === 0);
}

function sorted(values: readonly Json[]): Json {
  return values
    .map((value) => ({ value, text: canonicalJson(value) }))
    .toSorted((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    .map(({ value }) => value);
}
