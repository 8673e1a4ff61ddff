import type { Issue, Json, SchemaModel } from "../../src/index.ts";
import { compileSchema } from "../../src/index.ts";

/** The model of a document that must compile. */
export function modelOf(document: unknown, namespace = "app"): SchemaModel {
  const compiled = compileSchema(namespace, document);
  if (!compiled.ok) throw new Error(compiled.issues.map(({ key, message }) => `${key}: ${message}`).join("\n"));
  return compiled.model;
}

/** The issues of a document that must not compile. */
export function refusalsOf(document: unknown, namespace = "app"): readonly Issue[] {
  const compiled = compileSchema(namespace, document);
  if (compiled.ok) throw new Error("Compiled, though it should have been refused.");
  return compiled.issues;
}

/** Validates a value against one leaf, `app.it`, of the given schema. */
export function issuesOf(schema: Json, value: unknown): readonly Issue[] {
  const leaf = modelOf({ type: "object", properties: { it: schema } }).leaves.get("app.it");
  if (!leaf) throw new Error("app.it is no leaf.");
  return leaf.validate(value as Json);
}
