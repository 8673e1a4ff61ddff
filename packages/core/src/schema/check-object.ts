import { isJsonObject, type Json } from "../json.ts";
import { simpleCheck, type Check } from "./check.ts";
import { countPhrase, quote, summaryOf } from "./describe.ts";
import { keywordOf, numberOf, type SchemaNode } from "./schema-node.ts";

const namesListedMax = 10;

/** Counts and names of members and the schemas of their values; other kinds of JSON pass. Only own members count. */
export function objectChecks(node: SchemaNode, compile: (node: SchemaNode) => Check): readonly Check[] {
  const checks: Check[] = [];
  const count = countPhrase(node, "minProperties", "maxProperties", "member");
  if (count !== undefined) {
    const least = numberOf(node, "minProperties") ?? 0;
    const most = numberOf(node, "maxProperties") ?? Infinity;
    const hasCount = (value: Json) => {
      if (!isJsonObject(value)) return true;
      const { length } = Object.keys(value);
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
  return (value, inside, findings) => {
    if (!isJsonObject(value) || required.every((name) => Object.hasOwn(value, name))) return true;
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
  return (value, inside, findings) => {
    if (!isJsonObject(value)) return true;
    let isValid = true;
    for (const name of Object.keys(value)) {
      if (check(name, undefined, undefined)) continue;
      isValid = false;
      if (!findings || findings.isFull) return false;
      check(name, inside, {
        isFull: false,
        add: (violation) =>
          findings.add({
            ...violation,
            inside,
            code: "constraint_violation",
            message: `has the member name ${quote(name)}, which ${violation.message}`,
          }),
      });
    }
    return isValid;
  };
}

function membersCheck(node: SchemaNode, compile: (node: SchemaNode) => Check): Check {
  const declared = new Map([...node.properties].map(([name, property]) => [name, compile(property)]));
  const isClosed = node.additionalProperties?.schema === false;
  const further = !isClosed && node.additionalProperties ? compile(node.additionalProperties) : undefined;
  return (value, inside, findings) => {
    if (!isJsonObject(value)) return true;
    const unknown: string[] = [];
    let isValid = true;
    for (const name of Object.keys(value)) {
      const check = declared.get(name) ?? further;
      if (!check) {
        if (isClosed) unknown.push(name);
        continue;
      }
      if (check(value[name] as Json, findings && { parent: inside, token: name }, findings)) continue;
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
