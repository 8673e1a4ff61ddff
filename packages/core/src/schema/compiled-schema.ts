import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { canonicalJson, isJsonObject } from "../json.ts";
import { compileSchema } from "./compile-schema.ts";
import { jsonValueRefusal } from "./json-value.ts";
import { schemaLimits } from "./limits.ts";
import type { CompiledSchema, SchemaModel } from "./model.ts";

/** How many compiled schemas are remembered by their text, and how much text they stand for; the last asked for stay. */
export const compiledSchemaLimits = { modelsMax: 64, charactersMax: 8 * 1_048_576 } as const;

/** Compiled schemas by namespace, as long as their documents live: one document is compiled once, however often it is asked for. */
const byDocument = new WeakMap<object, Map<string, CompiledSchema>>();

/** Models by namespace and text: the same schema, read anew with every look at the past, is compiled once. */
const byText = new Map<string, { readonly model: SchemaModel; readonly characters: number }>();
let characters = 0;

/** As `compileSchema`, remembering the result for this very document and, where it is a schema, for every equal one. */
export function compiledSchema(namespace: string, document: unknown): CompiledSchema {
  if (typeof document !== "object" || document === null) return compileSchema(namespace, document);
  let known = byDocument.get(document);
  if (!known) byDocument.set(document, (known = new Map()));
  let result = known.get(namespace);
  if (!result) known.set(namespace, (result = compiledText(namespace, document)));
  return result;
}

function compiledText(namespace: string, document: object): CompiledSchema {
  const isBounded = jsonValueRefusal(document, schemaLimits.levelsMax, schemaLimits.documentBytesMax) === undefined;
  if (!isBounded || !isJsonObject(document)) return compileSchema(namespace, document);
  const text = canonicalJson(document);
  const name = `${namespace} ${bytesToHex(sha256(utf8ToBytes(text)))}`;
  const known = byText.get(name);
  if (known) {
    byText.delete(name);
    byText.set(name, known);
    // Equal documents may write their members in another order, and each is told as it was stored.
    return { ok: true, model: { ...known.model, document } };
  }
  const result = compileSchema(namespace, document);
  if (result.ok) remember(name, result.model, text.length);
  return result;
}

function remember(name: string, model: SchemaModel, length: number): void {
  byText.set(name, { model, characters: length });
  characters += length;
  for (const [oldest, { characters: freed }] of byText) {
    if (byText.size <= compiledSchemaLimits.modelsMax && characters <= compiledSchemaLimits.charactersMax) return;
    byText.delete(oldest);
    characters -= freed;
  }
}
