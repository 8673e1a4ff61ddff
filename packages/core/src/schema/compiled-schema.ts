import { compileSchema } from "./compile-schema.ts";
import type { CompiledSchema } from "./model.ts";

/** Compiled schemas by namespace, as long as their documents live: one document is compiled once, however often it is asked for. */
const compiled = new WeakMap<object, Map<string, CompiledSchema>>();

/** As `compileSchema`, remembering the result for this very document. */
export function compiledSchema(namespace: string, document: unknown): CompiledSchema {
  if (typeof document !== "object" || document === null) return compileSchema(namespace, document);
  let known = compiled.get(document);
  if (!known) compiled.set(document, (known = new Map()));
  let result = known.get(namespace);
  if (!result) known.set(namespace, (result = compileSchema(namespace, document)));
  return result;
}
