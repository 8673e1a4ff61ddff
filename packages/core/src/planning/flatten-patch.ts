import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import { keyRefusal, namespaceOf } from "../key.ts";
import type { RecordReader } from "../records/record-reader.ts";
import { leafOf } from "../resolve/resolve.ts";
import type { BatchChange, Refusal } from "./batch.ts";

/**
 * The changes that a nested merge patch (RFC 7396) means for one environment: `null` deletes, a leaf is replaced whole and
 * nulls inside it are data, `null` for a branch deletes every key that the environment itself stores below it.
 */
export function flattenPatch(
  reader: RecordReader,
  environment: string,
  patch: JsonObject,
): { readonly ok: true; readonly changes: readonly BatchChange[] } | { readonly ok: false; readonly refusal: Refusal } {
  const changes: BatchChange[] = [];
  const visit = (prefix: string, value: Json): Refusal | undefined => {
    const keyProblem = keyRefusal(prefix);
    if (keyProblem !== undefined) return { code: "invalid_key", detail: `The key ${JSON.stringify(prefix)} ${keyProblem}.` };
    const isBranch = !leafOf(reader, prefix) && (reader.schema(namespaceOf(prefix))?.model.isBranch(prefix) ?? false);
    if (!isBranch) {
      changes.push({ kind: "value", environment, key: prefix, ...(value !== null && { value }) });
      return undefined;
    }
    if (value === null) {
      for (const record of reader.recordsOf("value", environment)) {
        if (record.layer !== "stored" || record.value === undefined || !record.key.startsWith(`${prefix}.`)) continue;
        changes.push({ kind: "value", environment, key: record.key });
      }
      return undefined;
    }
    if (!isJsonObject(value)) {
      return { code: "not_a_leaf", detail: `"${prefix}" is a branch: give an object with keys below it, or null to remove them.` };
    }
    for (const [segment, below] of Object.entries(value)) {
      const refusal = visit(`${prefix}.${segment}`, below);
      if (refusal) return refusal;
    }
    return undefined;
  };
  if (Object.keys(patch).length === 0) {
    return { ok: false, refusal: { code: "invalid_request", detail: "The patch is empty; name at least one key." } };
  }
  for (const [namespace, value] of Object.entries(patch)) {
    const refusal = visit(namespace, value);
    if (refusal) return { ok: false, refusal };
  }
  return { ok: true, changes };
}
