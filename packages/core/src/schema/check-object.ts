import { isJsonObject, type Json } from "../json.ts";
import { type Check, type Findings, simpleCheck } from "./check.ts";
import { countPhrase, quote, summaryOf } from "./describe.ts";
import { keywordOf, numberOf, type SchemaNode } from "./schema-node.ts";
import type { Steps } from "./steps.ts";

const namesListedMax = 10;

/** Counts and names of members and the schemas of their values; other kinds of JSON pass. Only own members count. */
export function objectChecks(node: SchemaNode, compile: (node: SchemaNode) => Check): readonly Check[] {
  const checks: Check[] = [];
  const count = countPhrase(node, "minProperties", "maxProperties", "member");
  if (count !== undefined) {
    const least = numberOf(node, "minProperties") ?? 0;
    const most = numberOf(node, "maxProperties") ?? Infinity;
    const hasCount = (value: Json, steps: Steps) => {
      if (!isJsonObject(value)) return true;
      const { length } = Object.keys(value);
      steps.take(length);
      return length >= least && length <= most;
    };
    checks.push(simpleCheck(hasCount, { message: `must have ${count}`, expected: summaryOf(node) }));
  }
  const required = keywordOf(node, "required");
  if (Array.isArray(required) && required.length > 0) checks.push(requiredCheck(node, required as readonly string[]));
  if (node.propertyNames) checks.push(namesCheck(compile(node.propertyNames)));
  if (node.properties.size > 0 || node.additionalProperties) checks.push(membersCheck(node, compile));
  return checks;
}

function requiredCheck(node: SchemaNode, required: readonly string[]): Check {
  return (value, inside, findings, steps) => {
    if (!isJsonObject(value)) return true;
    steps.take(required.length);
    if (required.every((name) => Object.hasOwn(value, name))) return true;
    const missing = required.filter((name) => !Object.hasOwn(value, name));
    findings?.add({
      inside,
      code: "constraint_violation",
      message: `must have ${membersPhrase(missing)}`,
      expected: summaryOf(node),
      received: value,
    });
    return false;
  };
}

function namesCheck(check: Check): Check {
  return (value, inside, findings, steps) => {
    if (!isJsonObject(value)) return true;
    let isValid = true;
    const names = Object.keys(value);
    steps.take(names.length);
    for (const name of names) {
      if (check(name, undefined, undefined, steps)) continue;
      isValid = false;
      if (!findings || findings.isFull) return false;
      const named: Findings = {
        isFull: false,
        add: (violation) =>
          findings.add({
            ...violation,
            inside,
            code: "constraint_violation",
            message: `has the member name ${quote(name)}, which ${violation.message}`,
          }),
      };
      check(name, inside, named, steps);
    }
    return isValid;
  };
}

function membersCheck(node: SchemaNode, compile: (node: SchemaNode) => Check): Check {
  const declared = new Map([...node.properties].map(([name, property]) => [name, compile(property)]));
  const isClosed = node.additionalProperties?.schema === false;
  const further = !isClosed && node.additionalProperties ? compile(node.additionalProperties) : undefined;
  return (value, inside, findings, steps) => {
    if (!isJsonObject(value)) return true;
    const unknown: string[] = [];
    let isValid = true;
    const names = Object.keys(value);
    steps.take(names.length);
    for (const name of names) {
      const check = declared.get(name) ?? further;
      if (!check) {
        if (isClosed) unknown.push(name);
        continue;
      }
      if (check(value[name] as Json, findings && { parent: inside, token: name }, findings, steps)) continue;
      isValid = false;
      if (!findings || findings.isFull) return false;
    }
    if (unknown.length === 0) return isValid;
    findings?.add({
      inside,
      code: "constraint_violation",
      message: `may not have ${membersPhrase(unknown)}`,
      expected: summaryOf(node),
      received: value,
    });
    return false;
  };
}

function membersPhrase(names: readonly string[]): string {
  const listed = names.slice(0, namesListedMax).map(quote).join(", ");
  const more = names.length > namesListedMax ? ` and ${names.length - namesListedMax} more` : "";
  return `the member${names.length === 1 ? "" : "s"} ${listed}${more}`;
}
