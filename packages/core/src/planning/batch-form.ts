import { flagKeyRefusal } from "../flags/flag.ts";
import { canonicalJson, type Json } from "../json.ts";
import { keyRefusal, namespaceOf, nameRefusal } from "../key.ts";
import type { RecordReader } from "../records/record-reader.ts";
import { type RecordId, recordIdText } from "../records/record.ts";
import { leafOf } from "../resolve/resolve.ts";
import { suggestKey } from "../schema/suggest-key.ts";
import type { BatchChange, BatchLimits, Refusal } from "./batch.ts";

/** Why a batch is refused before anything is planned: too many changes, a value that is too large, a record that stands twice. */
export function batchRefusal(batch: readonly BatchChange[], limits: BatchLimits): Refusal | undefined {
  if (batch.length > limits.changesMax) return { code: "too_large", detail: `A batch holds at most ${limits.changesMax} changes.` };
  const seen = new Set<string>();
  for (const { kind, key, value } of batch) {
    if (value === undefined || kind === "schema" || byteLength(value) <= limits.valueBytesMax) continue;
    return { code: "too_large", detail: `The value of "${key}" is larger than ${limits.valueBytesMax} bytes.` };
  }
  for (const change of batch) {
    const id = recordIdText(idOf(change));
    if (seen.has(id)) return { code: "invalid_request", detail: `The ${change.kind} "${change.key}" stands twice in the batch.` };
    seen.add(id);
  }
  return undefined;
}

/** The first environment that a change names and that neither exists nor comes with the batch. */
export function missingEnvironment(reader: RecordReader, batch: readonly BatchChange[]): string | undefined {
  const created = new Set(batch.filter(({ kind, value }) => kind === "environment" && value !== undefined).map(({ key }) => key));
  return batch.find(({ environment }) => environment !== undefined && !created.has(environment) && !reader.environment(environment))
    ?.environment;
}

/** Why a key is wrong: its grammar, or that it names a branch. */
export function keyProblem(draft: RecordReader, change: BatchChange): Refusal | undefined {
  if (change.kind === "environment" || change.kind === "schema") {
    const refusal = nameRefusal(change.key);
    return refusal === undefined
      ? undefined
      : { code: "invalid_key", detail: `The ${change.kind} name ${JSON.stringify(change.key)} ${refusal}.` };
  }
  const refusal = change.kind === "value" ? keyRefusal(change.key) : flagKeyRefusal(change.key);
  if (refusal !== undefined) return { code: "invalid_key", detail: `The key ${JSON.stringify(change.key)} ${refusal}.` };
  if (change.kind === "value" && !leafOf(draft, change.key) && draft.schema(namespaceOf(change.key))?.model.isBranch(change.key)) {
    return { code: "not_a_leaf", detail: `"${change.key}" is a branch: name a key below it.` };
  }
  return undefined;
}

/** The refusal of an environment that is not there, with the nearest name that is. */
export function environmentRefusal(reader: RecordReader, name: string): Refusal {
  const near = suggestKey(
    name,
    reader.environments().map((environment) => environment.name),
  );
  return {
    code: "environment_not_found",
    detail: `There is no environment "${name}".${near === undefined ? "" : ` Did you mean "${near}"?`}`,
  };
}

/**
 * The order in which the changes of one batch take effect: values may need the schema and the environment that come with
 * them, and what is removed goes last.
 */
export function inOrder(batch: readonly BatchChange[]): BatchChange[] {
  const place = ({ kind, value }: BatchChange) => {
    if (kind === "environment") return value === undefined ? 5 : 0;
    if (kind === "schema") return value === undefined ? 4 : 1;
    return kind === "value" ? 3 : 2;
  };
  return batch.toSorted((a, b) => place(a) - place(b));
}

/** The record that a change is about. */
export function idOf(change: BatchChange): RecordId {
  return {
    kind: change.kind,
    ...(change.environment !== undefined && { environment: change.environment }),
    ...(change.kind === "value" && { layer: change.layer ?? "stored" }),
    key: change.key,
  };
}

/** Bytes of a value's canonical text in UTF-8; of small ones only their characters, which is near enough to every limit. */
function byteLength(value: Json): number {
  const text = canonicalJson(value);
  return text.length < 1_000 ? text.length : new TextEncoder().encode(text).length;
}
