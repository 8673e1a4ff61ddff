import { arrayChecks } from "./check-array.ts";
import { combinedChecks } from "./check-combined.ts";
import { objectChecks } from "./check-object.ts";
import { numberChecks, stringChecks, typeCheck, valueChecks } from "./check-scalar.ts";
import { allChecks, simpleCheck, type Check } from "./check.ts";
import { acceptedTypesOf } from "./describe.ts";
import type { SchemaNode } from "./schema-node.ts";

/** Compiles nodes to closures, each node once, however many references name it. */
export function createCheckCompiler(): (node: SchemaNode) => Check {
  const compiled = new Map<SchemaNode, Check>();
  const compile = (node: SchemaNode): Check => {
    const known = compiled.get(node);
    if (known) return known;
    const check = counted(checkOf(node, compile));
    compiled.set(node, check);
    return check;
  };
  return compile;
}

function checkOf(node: SchemaNode, compile: (node: SchemaNode) => Check): Check {
  if (node.schema === true) return () => true;
  if (node.schema === false) return simpleCheck(() => false, { message: "may not have a value: none is allowed here", expected: false });
  const accepted = acceptedTypesOf(node);
  const further = allChecks([
    ...valueChecks(node),
    ...(accepted.has("number") ? numberChecks(node) : []),
    ...(accepted.has("string") ? stringChecks(node) : []),
    ...(accepted.has("array") ? arrayChecks(node, compile) : []),
    ...(accepted.has("object") ? objectChecks(node, compile) : []),
    ...combinedChecks(node, compile),
  ]);
  const type = typeCheck(node);
  if (!type) return further;
  // A value of the wrong kind has one violation; what the other keywords would say about it helps nobody.
  return (value, inside, findings, steps) => type(value, inside, findings, steps) && further(value, inside, findings, steps);
}

function counted(check: Check): Check {
  return (value, inside, findings, steps) => {
    steps.take(1);
    return check(value, inside, findings, steps);
  };
}
