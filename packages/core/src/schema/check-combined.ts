import { isJsonObject, jsonEqual, type Json } from "../json.ts";
import type { Check } from "./check.ts";
import { acceptedTypesOf, phraseOf, summaryOf } from "./describe.ts";
import { jsonTypeOf } from "./json-type.ts";
import { keywordOf, type SchemaNode } from "./schema-node.ts";

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

interface Alternative {
  readonly node: SchemaNode;
  readonly check: Check;
  readonly accepts: ReturnType<typeof acceptedTypesOf>;
}

function alternativesCheck(
  node: SchemaNode,
  nodes: readonly SchemaNode[],
  wanted: "at least one" | "exactly one",
  compile: (node: SchemaNode) => Check,
): Check {
  const alternatives: readonly Alternative[] = nodes.map((one) => ({ node: one, check: compile(one), accepts: acceptedTypesOf(one) }));
  const phrase = phraseOf({ ...node, schema: {}, anyOf: nodes, oneOf: [] });
  return (value, inside, findings) => {
    let matched = 0;
    for (const { check } of alternatives) {
      if (!check(value, undefined, undefined)) continue;
      matched += 1;
      if (wanted === "at least one") return true;
      if (matched > 1) break;
    }
    if (matched === 1) return true;
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
    const candidates = alternatives.filter((one) => one.accepts.has(type));
    const meant = type === "object" || type === "array" ? meantBy(value, candidates) : undefined;
    if (meant) return meant.check(value, inside, findings);
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

/** The one alternative whose violations are worth telling: the only one of its kind, or the one whose constant members fit. */
function meantBy(value: Json, candidates: readonly Alternative[]): Alternative | undefined {
  if (candidates.length <= 1 || !isJsonObject(value)) return candidates.length === 1 ? candidates[0] : undefined;
  const fitting = candidates.filter(({ node }) => {
    const constants = [...node.properties]
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
  return (value, inside, findings) => {
    if (!check(value, undefined, undefined)) return true;
    findings?.add({ inside, code: "constraint_violation", message, expected: { not: summaryOf(not) }, received: value });
    return false;
  };
}
