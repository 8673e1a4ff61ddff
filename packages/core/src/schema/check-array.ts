import { canonicalJson, type Json } from "../json.ts";
import { simpleCheck, type Check } from "./check.ts";
import { countPhrase, summaryOf } from "./describe.ts";
import { keywordOf, numberOf, type SchemaNode } from "./schema-node.ts";
import { writtenPerStep } from "./steps.ts";

/** `minItems`, `maxItems`, `uniqueItems`, `prefixItems` and `items`; other kinds of JSON pass. */
export function arrayChecks(node: SchemaNode, compile: (node: SchemaNode) => Check): readonly Check[] {
  const checks: Check[] = [];
  const count = countPhrase(node, "minItems", "maxItems", "item");
  if (count !== undefined) {
    const least = numberOf(node, "minItems") ?? 0;
    const most = numberOf(node, "maxItems") ?? Infinity;
    const hasCount = (value: Json) => !Array.isArray(value) || (value.length >= least && value.length <= most);
    checks.push(simpleCheck(hasCount, { message: `must have ${count}`, expected: summaryOf(node) }));
  }
  if (keywordOf(node, "uniqueItems") === true) checks.push(uniqueCheck(node));
  if (node.prefixItems.length > 0 || node.items) checks.push(itemsCheck(node, compile));
  return checks;
}

function uniqueCheck(node: SchemaNode): Check {
  return (value, inside, findings, steps) => {
    if (!Array.isArray(value)) return true;
    const first = new Map<string, number>();
    for (const [index, item] of (value as readonly Json[]).entries()) {
      const text = canonicalJson(item);
      steps.take(1 + text.length / writtenPerStep);
      const equal = first.get(text);
      if (equal !== undefined) {
        const message = `must have different items, but items ${equal} and ${index} are equal`;
        findings?.add({ inside, code: "constraint_violation", message, expected: summaryOf(node), received: value });
        return false;
      }
      first.set(text, index);
    }
    return true;
  };
}

function itemsCheck(node: SchemaNode, compile: (node: SchemaNode) => Check): Check {
  const prefix = node.prefixItems.map(compile);
  const rest = node.items && compile(node.items);
  return (value, inside, findings, steps) => {
    if (!Array.isArray(value)) return true;
    const items = value as readonly Json[];
    if (node.items?.schema === false && items.length > prefix.length) {
      const message = `must have at most ${prefix.length} item${prefix.length === 1 ? "" : "s"}`;
      findings?.add({ inside, code: "constraint_violation", message, expected: { maxItems: prefix.length }, received: value });
      return false;
    }
    let isValid = true;
    for (let index = 0; index < items.length; index += 1) {
      const check = prefix[index] ?? rest;
      if (!check) break;
      if (check(items[index] as Json, findings && { parent: inside, token: index }, findings, steps)) continue;
      isValid = false;
      if (!findings || findings.isFull) return false;
    }
    return isValid;
  };
}
