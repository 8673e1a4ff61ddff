import { canonicalJson, isJsonObject, jsonEqual, type Json } from "../json.ts";
import type { Check } from "./check.ts";
import { acceptedTypesOf, phraseOf, summaryOf, typeNamesOf } from "./describe.ts";
import { jsonTypeOf } from "./json-type.ts";
import { keywords } from "./keywords.ts";
import { keywordOf, type SchemaNode } from "./schema-node.ts";
import { writtenPerStep, type Steps } from "./steps.ts";

/** `anyOf`, `oneOf`, `allOf`, `not` and the local reference. */
export function combinedChecks(node: SchemaNode, compile: (node: SchemaNode) => Check): readonly Check[] {
  const checks: Check[] = [];
  if (node.ref) checks.push(compile(node.ref));
  checks.push(...node.allOf.map(compile));
  if (node.anyOf.length > 0) checks.push(alternativesCheck(node, node.anyOf, "at least one", compile));
  if (node.oneOf.length > 0) checks.push(alternativesCheck(node, node.oneOf, "exactly one", compile));
  if (node.not) checks.push(notCheck(node.not, compile));
  return checks;
}

function alternativesCheck(
  node: SchemaNode,
  nodes: readonly SchemaNode[],
  wanted: "at least one" | "exactly one",
  compile: (node: SchemaNode) => Check,
): Check {
  const listed = new ListedAlternatives();
  const checks = nodes.filter((one) => !listed.takes(one)).map(compile);
  const phrase = phraseOf({ ...node, schema: {}, anyOf: nodes, oneOf: [] });
  const matchesOf = (value: Json, steps: Steps): number => {
    const most = wanted === "at least one" ? 1 : 2;
    let matched = listed.matchesOf(value, steps);
    for (const check of checks) {
      if (matched >= most) break;
      if (check(value, undefined, undefined, steps)) matched += 1;
    }
    return matched;
  };
  return (value, inside, findings, steps) => {
    const matched = matchesOf(value, steps);
    if (matched === 1 || (matched > 1 && wanted === "at least one")) return true;
    if (!findings) return false;
    const expected = summaryOf(node);
    if (matched > 1) {
      findings.add({
        inside,
        code: "constraint_violation",
        message: "must match exactly one of the alternatives, but matches several",
        expected,
        received: value,
      });
      return false;
    }
    const type = jsonTypeOf(value);
    steps.take(nodes.length);
    const candidates = nodes.filter((one) => acceptedTypesOf(one).has(type));
    const meant = type === "object" || type === "array" ? meantBy(value, candidates, steps) : undefined;
    if (meant) return compile(meant)(value, inside, findings, steps);
    const code = candidates.length === 0 ? "invalid_parameter_type" : "constraint_violation";
    // Several alternatives of the value's own kind: their common phrase would say "an object" about an object.
    const isVague = candidates.length > 1 && (type === "object" || type === "array");
    const message = isVague
      ? `must match one of the ${candidates.length} alternatives for ${type === "array" ? "a list" : "an object"}`
      : `must be ${phrase}`;
    findings.add({ inside, code, message, expected, received: value });
    return false;
  };
}

/** The alternatives that are nothing but lists of values: one look says how many of them a value matches. */
class ListedAlternatives {
  readonly #scalars = new Map<Json, number>();
  readonly #texts = new Map<string, number>();

  /** Takes an alternative in if it is such a list, perhaps narrowed by `type`. */
  takes(node: SchemaNode): boolean {
    const values = listedValues(node);
    for (const value of values ?? []) {
      if (typeof value === "object" && value !== null)
        this.#texts.set(canonicalJson(value), (this.#texts.get(canonicalJson(value)) ?? 0) + 1);
      else this.#scalars.set(value, (this.#scalars.get(value) ?? 0) + 1);
    }
    return values !== undefined;
  }

  matchesOf(value: Json, steps: Steps): number {
    if (typeof value !== "object" || value === null) return this.#scalars.get(value) ?? 0;
    if (this.#texts.size === 0) return 0;
    const text = canonicalJson(value);
    steps.take(text.length / writtenPerStep);
    return this.#texts.get(text) ?? 0;
  }
}

/** The different values that a node accepts if its only constraints are `const` or `enum`, and `type`; else `undefined`. */
function listedValues(node: SchemaNode): readonly Json[] | undefined {
  const constraints = Object.keys(node.schema).filter((name) => keywords.get(name)?.isAnnotation !== true && name !== "type");
  const [only] = constraints;
  if (constraints.length !== 1 || (only !== "const" && only !== "enum")) return undefined;
  const values = only === "const" ? [keywordOf(node, "const") as Json] : (keywordOf(node, "enum") as readonly Json[]);
  const names = typeNamesOf(node);
  const hasType = (value: Json) =>
    names.length === 0 || names.includes(jsonTypeOf(value)) || (names.includes("integer") && Number.isInteger(value));
  // A value that stands twice in one list is one match.
  return [...new Map(values.filter(hasType).map((value) => [canonicalJson(value), value])).values()];
}

/** The one alternative whose violations are worth telling: the only one of its kind, or the one whose constant members fit. */
function meantBy(value: Json, candidates: readonly SchemaNode[], steps: Steps): SchemaNode | undefined {
  if (candidates.length <= 1 || !isJsonObject(value)) return candidates.length === 1 ? candidates[0] : undefined;
  const fitting = candidates.filter(({ properties }) => {
    steps.take(properties.size);
    const constants = [...properties]
      .map(([name, property]) => [name, keywordOf(property, "const")] as const)
      .filter(([, constant]) => constant !== undefined);
    return constants.length > 0 && constants.every(([name, constant]) => Object.hasOwn(value, name) && jsonEqual(value[name], constant));
  });
  return fitting.length === 1 ? fitting[0] : undefined;
}

function notCheck(not: SchemaNode, compile: (node: SchemaNode) => Check): Check {
  const check = compile(not);
  const phrase = phraseOf(not);
  const message = phrase === "any JSON value" ? "may not have a value: none is allowed here" : `may not be ${phrase}`;
  return (value, inside, findings, steps) => {
    if (!check(value, undefined, undefined, steps)) return true;
    findings?.add({ inside, code: "constraint_violation", message, expected: { not: summaryOf(not) }, received: value });
    return false;
  };
}
