import { jsonEqual } from "../json.ts";
import type { Change } from "../records/change.ts";
import { type DiffScope, diffRecords, invertChanges, isInScope } from "../records/diff.ts";
import type { RecordReader } from "../records/record-reader.ts";
import { type ConfigurationKind, configurationKinds, type StoredRecord } from "../records/record.ts";
import type { BatchChange, Refusal } from "./batch.ts";

/** The batch that makes the configuration records of the scope equal to those of an earlier moment. */
export function rollbackBatch(reader: RecordReader, target: Iterable<StoredRecord>, scope: DiffScope): readonly BatchChange[] {
  return diffRecords(allRecords(reader), target, scope).map(wishOf);
}

/**
 * The batch that undoes one commit's own configuration changes.
 * Refused (`conflicting_change`) when one of its records has changed since: undoing would silently discard that too.
 */
export function revertBatch(
  reader: RecordReader,
  committed: readonly Change[],
): { readonly ok: true; readonly changes: readonly BatchChange[] } | { readonly ok: false; readonly refusal: Refusal } {
  const own = committed.filter((change) => isInScope(change, {}));
  const changedSince = own.filter((change) => !jsonEqual(reader.record(change)?.value, change.after));
  if (changedSince.length > 0) {
    const names = changedSince.slice(0, 5).map(({ environment, key }) => (environment === undefined ? key : `${key} (${environment})`));
    return {
      ok: false,
      refusal: {
        code: "conflicting_change",
        detail: `Changed again since: ${names.join(", ")}${changedSince.length > 5 ? " and more" : ""}. Roll back to a revision, or set these by hand.`,
      },
    };
  }
  return { ok: true, changes: invertChanges(own).map(wishOf) };
}

function wishOf({ kind, environment, layer, key, after }: Change): BatchChange {
  return {
    kind: kind as ConfigurationKind,
    ...(environment !== undefined && { environment }),
    ...(layer !== undefined && { layer }),
    key,
    ...(after !== undefined && { value: after }),
  };
}

function* allRecords(reader: RecordReader): Iterable<StoredRecord> {
  const places = new Set([undefined, ...reader.environments().map(({ name }) => name)]);
  for (const kind of configurationKinds) {
    for (const place of places) yield* reader.recordsOf(kind, place);
  }
}
