import { utf8ToBytes } from "@noble/hashes/utils.js";
import { canonicalJson, isJsonObject, type Json, type JsonObject } from "../json.ts";
import { keyRefusal } from "../key.ts";
import { createCheckCompiler } from "./compile-check.ts";
import type { Check } from "./check.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { pointerTo } from "./json-pointer.ts";
import { jsonValueRefusal } from "./json-value.ts";
import { schemaLimits } from "./limits.ts";
import type { CompiledSchema, Leaf, SchemaModel } from "./model.ts";
import { plantTree } from "./plant-tree.ts";
import { readSchema } from "./read-schema.ts";
import { placeOf, SchemaIssues } from "./schema-issues.ts";
import { childrenOf, keywordOf, type SchemaNode } from "./schema-node.ts";
import { placeAt, type BranchPlace, type LeafPlace, type Place } from "./schema-tree.ts";
import { Steps } from "./steps.ts";
import { validateValue } from "./validate-value.ts";

/**
 * Compiles a namespace's schema, JSON Schema 2020-12 as data, to closures; no code is generated.
 * Every keyword is either enforced exactly or refused by name, so that a schema never promises what is not kept.
 * Never throws: what is wrong with the document are issues, whose keys are the dotted places in it.
 */
export function compileSchema(namespace: string, document: unknown): CompiledSchema {
  const issues = new SchemaIssues(namespace);
  if (!isDocument(document, issues)) return { ok: false, issues: issues.issues };
  const node = readSchema(document, issues);
  if (issues.issues.length > 0) return { ok: false, issues: issues.issues };
  const root = plantTree(namespace, node, issues);
  if (issues.issues.length > 0) return { ok: false, issues: issues.issues };
  const compile = createCheckCompiler();
  const leaves = leavesOf(namespace, root, { compile, issues, steps: new Steps(schemaLimits.validationStepsTotalMax) });
  if (issues.issues.length > 0) return { ok: false, issues: issues.issues };
  return { ok: true, model: modelOf(namespace, document, root, leaves, compile) };
}

function isDocument(document: unknown, issues: SchemaIssues): document is JsonObject {
  const { documentBytesMax, levelsMax } = schemaLimits;
  const refusal = jsonValueRefusal(document, levelsMax, documentBytesMax);
  if (refusal === "too_deep") {
    issues.add({
      pointer: "",
      message: `The schema document is deeper than ${levelsMax} levels.`,
      expected: { levels: levelsMax },
      received: null,
    });
  } else if (refusal === "too_large" || (refusal === undefined && utf8ToBytes(canonicalJson(document as Json)).length > documentBytesMax)) {
    issues.add({
      pointer: "",
      message: `The schema document is larger than ${documentBytesMax} bytes.`,
      expected: { bytes: documentBytesMax },
      received: null,
    });
  } else if (refusal === "not_json") {
    issues.add({ pointer: "", message: "The schema document is not JSON.", expected: "a JSON object", received: null });
  } else if (!isJsonObject(document)) {
    issues.add({
      pointer: "",
      message: "The root must be an object schema: its properties are the namespace's keys.",
      expected: { type: "object" },
      received: document,
    });
  } else return true;
  return false;
}

/** What the defaults of one document are held against, and what that may take. */
interface Trial {
  readonly compile: (node: SchemaNode) => Check;
  readonly issues: SchemaIssues;
  readonly steps: Steps;
}

/** Refuses every default inside a leaf's value that its own subschema refuses. */
function checkInnerDefaults(leaf: SchemaNode, seen: Set<SchemaNode>, trial: Trial): void {
  for (const node of childrenOf(leaf)) {
    if (seen.has(node)) continue;
    seen.add(node);
    const value = keywordOf(node, "default");
    if (value !== undefined) refuseDefault(node, pointerTo(node.pointer, "default"), value, false, trial);
    checkInnerDefaults(node, seen, trial);
  }
}

function refuseDefault(node: SchemaNode, pointer: string, value: Json, isSensitive: boolean, { compile, issues, steps }: Trial): void {
  const [first] = validateValue("", compile(node), isSensitive, value, steps);
  if (!first) return;
  issues.add({
    pointer,
    message: `The default at ${placeOf(node.pointer)} is refused by its own schema: it ${first.message}.`,
    expected: first.expected,
    received: first.received,
  });
}

function leavesOf(namespace: string, root: BranchPlace, trial: Trial): ReadonlyMap<string, Leaf> {
  const leaves: [string, Leaf][] = [];
  const seen = new Set<SchemaNode>();
  const visit = (place: Place, key: string, isEntry: boolean) => {
    if (place.kind === "leaf") {
      checkInnerDefaults(place.node, seen, trial);
      if (place.default !== undefined) refuseDefault(place.node, place.node.pointer, place.default, place.metadata.sensitive, trial);
      if (!isEntry) leaves.push([key, leafOf(key, place, trial.compile(place.node))]);
      return;
    }
    for (const [name, member] of place.members) visit(member, `${key}.${name}`, isEntry);
    if (place.entry) visit(place.entry, `${key}.*`, true);
  };
  visit(root, namespace, false);
  return new Map(leaves.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function leafOf(key: string, place: LeafPlace, check: Check): Leaf {
  const { metadata, required } = place;
  return {
    key,
    schema: place.node.schema,
    metadata,
    required,
    ...(place.default !== undefined && { default: place.default }),
    validate: (value, budget) => validateValue(key, check, metadata.sensitive, value, budget),
  };
}

function modelOf(
  namespace: string,
  document: JsonObject,
  root: BranchPlace,
  leaves: ReadonlyMap<string, Leaf>,
  compile: (node: SchemaNode) => Check,
): SchemaModel {
  const placeOfKey = (key: string): Place | undefined => {
    const [first, ...segments] = key.split(".");
    return first === namespace && keyRefusal(key) === undefined ? placeAt(root, segments) : undefined;
  };
  return {
    namespace,
    document,
    fingerprint: fingerprintOf(root),
    leaves,
    leafOf: (key) => {
      const declared = leaves.get(key);
      if (declared) return declared;
      const place = placeOfKey(key);
      return place?.kind === "leaf" ? leafOf(key, place, compile(place.node)) : undefined;
    },
    isBranch: (key) => placeOfKey(key)?.kind === "branch",
  };
}
