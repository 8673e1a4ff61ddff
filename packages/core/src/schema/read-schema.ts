import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import { pointerTo } from "./json-pointer.ts";
import { keywords } from "./keywords.ts";
import { schemaLimits } from "./limits.ts";
import { compilePattern, type Pattern } from "./pattern.ts";
import { placeOf, type SchemaIssues } from "./schema-issues.ts";
import { childrenOf, type SchemaNode } from "./schema-node.ts";

/**
 * Reads a document of JSON Schema 2020-12 into nodes: every keyword known and well-formed, every pattern compiled, every local
 * reference followed, none of them circular. What is wrong goes to `issues`; the node is then of no use.
 */
export function readSchema(document: JsonObject, issues: SchemaIssues): SchemaNode {
  const reading = new Reading(document, issues);
  const root = reading.read(document, "");
  const definitions = document["$defs"];
  if (isJsonObject(definitions)) for (const name of Object.keys(definitions)) reading.definition(name);
  return root;
}

class Reading {
  readonly #document: JsonObject;
  readonly #issues: SchemaIssues;
  readonly #definitions = new Map<string, SchemaNode | "being read">();
  readonly #patterns = new Map<string, Pattern | undefined>();
  #instructions = 0;
  #level = 0;

  constructor(document: JsonObject, issues: SchemaIssues) {
    this.#document = document;
    this.#issues = issues;
  }

  read(schema: Json, pointer: string): SchemaNode {
    if (!isJsonObject(schema)) return sized(booleanParts(pointer, schema === true));
    // References can chain far beyond the document's own nesting; the stack must not find that out.
    if (this.#level === schemaLimits.levelsMax) return this.#refuseDepth(pointer, schemaLimits.levelsMax + 1);
    this.#level += 1;
    const node = this.#readObject(schema, pointer);
    this.#level -= 1;
    return node;
  }

  #readObject(schema: JsonObject, pointer: string): SchemaNode {
    for (const [name, value] of Object.entries(schema)) this.#checkKeyword(name, value, pointer);
    const one = (keyword: string) => {
      const value = memberOf(schema, keyword);
      return isJsonObject(value) || typeof value === "boolean" ? this.read(value, pointerTo(pointer, keyword)) : undefined;
    };
    const list = (keyword: string) => {
      const value = memberOf(schema, keyword);
      return Array.isArray(value) ? value.map((item: Json, index) => this.read(item, pointerTo(pointerTo(pointer, keyword), index))) : [];
    };
    const alternatives = (keyword: "anyOf" | "oneOf") => (this.#hasTooMany(schema, keyword, pointer) ? [] : list(keyword));
    const parts: NodeParts = {
      pointer,
      schema,
      ref: this.#reference(schema, pointer),
      pattern: this.#pattern(schema, pointer),
      properties: this.#properties(schema, pointer),
      prefixItems: list("prefixItems"),
      anyOf: alternatives("anyOf"),
      oneOf: alternatives("oneOf"),
      allOf: list("allOf"),
      items: one("items"),
      additionalProperties: one("additionalProperties"),
      propertyNames: one("propertyNames"),
      not: one("not"),
    };
    const node = sized(parts);
    this.#checkSize(node);
    return node;
  }

  /** The node of `#/$defs/<name>`, read once. */
  definition(name: string): SchemaNode | "missing" | "circular" {
    const known = this.#definitions.get(name);
    if (known) return known === "being read" ? "circular" : known;
    const definitions = this.#document["$defs"];
    const schema = isJsonObject(definitions) ? memberOf(definitions, name) : undefined;
    if (schema === undefined) return "missing";
    this.#definitions.set(name, "being read");
    const node = this.read(schema, pointerTo("/$defs", name));
    this.#definitions.set(name, node);
    return node;
  }

  #checkKeyword(name: string, value: Json, pointer: string): void {
    const keyword = keywords.get(name);
    const at = pointerTo(pointer, name);
    if (!keyword) {
      const message = `The keyword ${JSON.stringify(name)} at ${placeOf(pointer)} is not supported.`;
      this.#issues.add({ pointer: at, message, expected: "a supported keyword", received: value });
      return;
    }
    if (keyword.place === "root" && pointer !== "") {
      const message = `The keyword ${JSON.stringify(name)} at ${placeOf(pointer)} may stand at the root only.`;
      this.#issues.add({ pointer: at, message, expected: "no such keyword here", received: value });
      return;
    }
    const refusal = keyword.refusal(value);
    if (refusal === undefined) return;
    this.#issues.add({
      pointer: at,
      message: `The keyword ${JSON.stringify(name)} at ${placeOf(pointer)} must be ${refusal}.`,
      expected: refusal,
      received: value,
    });
  }

  #hasTooMany(schema: JsonObject, keyword: string, pointer: string): boolean {
    const value = memberOf(schema, keyword);
    const { alternativesMax } = schemaLimits;
    if (!Array.isArray(value) || value.length <= alternativesMax) return false;
    const message = `The keyword ${JSON.stringify(keyword)} at ${placeOf(pointer)} has ${value.length} alternatives, more than ${alternativesMax}; list constants in an "enum".`;
    this.#issues.add({
      pointer: pointerTo(pointer, keyword),
      message,
      expected: { alternatives: alternativesMax },
      received: value.length,
    });
    return true;
  }

  #properties(schema: JsonObject, pointer: string): ReadonlyMap<string, SchemaNode> {
    const properties = memberOf(schema, "properties");
    if (!isJsonObject(properties)) return new Map();
    const at = pointerTo(pointer, "properties");
    return new Map(Object.entries(properties).map(([name, property]) => [name, this.read(property, pointerTo(at, name))]));
  }

  #reference(schema: JsonObject, pointer: string): SchemaNode | undefined {
    const reference = memberOf(schema, "$ref");
    if (typeof reference !== "string" || !reference.startsWith("#/$defs/")) return undefined;
    const at = pointerTo(pointer, "$ref");
    const node = this.definition(nameOf(reference));
    if (typeof node === "object") return node;
    if (node === "circular") {
      const message = `The $ref ${reference} at ${placeOf(pointer)} leads back to itself; circular schemas are refused.`;
      this.#issues.add({
        code: "circular_dependency",
        pointer: at,
        message,
        expected: "a reference that does not lead back to itself",
        received: reference,
      });
    } else {
      const message = `The $ref ${reference} at ${placeOf(pointer)} names nothing: only #/$defs/<name> of the same document is followed.`;
      this.#issues.add({ pointer: at, message, expected: "the name of a definition in $defs", received: reference });
    }
    return undefined;
  }

  #pattern(schema: JsonObject, pointer: string): Pattern | undefined {
    const source = memberOf(schema, "pattern");
    if (typeof source !== "string") return undefined;
    if (this.#patterns.has(source)) return this.#patterns.get(source);
    const at = pointerTo(pointer, "pattern");
    const compiled = this.#instructions > schemaLimits.patternInstructionsTotalMax ? tooManyPatterns : compilePattern(source);
    if (!compiled.ok) {
      const message = `The keyword "pattern" at ${placeOf(pointer)} ${compiled.reason}.`;
      this.#issues.add({ pointer: at, message, expected: "a pattern in RE2 syntax", received: source });
    }
    const pattern = compiled.ok ? compiled.pattern : undefined;
    // A refused pattern has cost its compilation, too; without this a document of refused patterns would have no bound.
    this.#instructions += pattern?.instructions ?? schemaLimits.patternInstructionsTotalMax / 20;
    this.#patterns.set(source, pattern);
    return pattern;
  }

  #checkSize(node: SchemaNode): void {
    if (node.subschemas > schemaLimits.subschemasMax && childrenOf(node).every((child) => child.subschemas <= schemaLimits.subschemasMax)) {
      const message = `The schema at ${placeOf(node.pointer)} has ${node.subschemas} subschemas after references are followed, more than ${schemaLimits.subschemasMax}.`;
      this.#issues.add({ pointer: node.pointer, message, expected: { subschemas: schemaLimits.subschemasMax }, received: node.subschemas });
    }
    if (node.levels === schemaLimits.levelsMax + 1) this.#refuseDepth(node.pointer, node.levels);
  }

  #refuseDepth(pointer: string, levels: number): SchemaNode {
    const message = `The schema at ${placeOf(pointer)} is deeper than ${schemaLimits.levelsMax} levels after references are followed.`;
    this.#issues.add({ pointer, message, expected: { levels: schemaLimits.levelsMax }, received: levels });
    return sized(booleanParts(pointer, true));
  }
}

const tooManyPatterns = {
  ok: false,
  reason: `is one too many: the patterns of a schema together may compile to ${schemaLimits.patternInstructionsTotalMax} instructions`,
} as const;

type OptionalPart = "ref" | "pattern" | "items" | "additionalProperties" | "propertyNames" | "not";
type NodeParts = Omit<SchemaNode, "subschemas" | "levels" | OptionalPart> & {
  readonly [Part in OptionalPart]: SchemaNode[Part] | undefined;
};

function booleanParts(pointer: string, schema: boolean): NodeParts {
  const none = {
    ref: undefined,
    pattern: undefined,
    items: undefined,
    additionalProperties: undefined,
    propertyNames: undefined,
    not: undefined,
  };
  return { pointer, schema, properties: new Map(), prefixItems: [], anyOf: [], oneOf: [], allOf: [], ...none };
}

function sized(parts: NodeParts): SchemaNode {
  const { ref, pattern, items, additionalProperties, propertyNames, not, ...lists } = parts;
  const node: SchemaNode = {
    ...lists,
    ...(ref && { ref }),
    ...(pattern && { pattern }),
    ...(items && { items }),
    ...(additionalProperties && { additionalProperties }),
    ...(propertyNames && { propertyNames }),
    ...(not && { not }),
    subschemas: 1,
    levels: 1,
  };
  const children = childrenOf(node);
  const subschemas = children.reduce((sum, child) => sum + child.subschemas, 1);
  return { ...node, subschemas, levels: children.reduce((most, child) => Math.max(most, child.levels + 1), 1) };
}

function memberOf(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** The definition's name in `#/$defs/<name>`: a URI fragment holding a JSON Pointer. */
function nameOf(reference: string): string {
  const token = reference.slice("#/$defs/".length);
  let decoded = token;
  try {
    decoded = decodeURIComponent(token);
  } catch {
    // Not percent-encoded: taken as it stands.
  }
  return decoded.includes("/") ? "" : decoded.replaceAll("~1", "/").replaceAll("~0", "~");
}
