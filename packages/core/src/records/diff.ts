import { jsonEqual } from "../json.ts";
import type { Change } from "./change.ts";
import { type ConfigurationKind, configurationKinds, type RecordId, recordIdText, type StoredRecord } from "./record.ts";

/** Which records a comparison is about; absent members match all. */
export interface DiffScope {
  readonly environment?: string;
  readonly namespace?: string;
}

/** Whether a record is configuration (values of the stored layer only) and inside the scope. */
export function isInScope(record: RecordId, scope: DiffScope): boolean {
  if (!configurationKinds.includes(record.kind as ConfigurationKind)) return false;
  if (record.kind === "value" && record.layer !== "stored") return false;
  if (scope.environment !== undefined && record.environment !== scope.environment) return false;
  if (scope.namespace === undefined) return true;
  if (record.kind === "schema") return record.key === scope.namespace;
  return record.kind === "value" && record.key.startsWith(`${scope.namespace}.`);
}

/** The changes of configuration that lead from one set of records to another, ordered by record id. */
export function diffRecords(from: Iterable<StoredRecord>, to: Iterable<StoredRecord>, scope: DiffScope = {}): Change[] {
  const before = index(from, scope);
  const after = index(to, scope);
  const ids = [...new Set([...before.keys(), ...after.keys()])].sort();
  return ids.flatMap((id) => {
    const left = before.get(id);
    const right = after.get(id);
    if (jsonEqual(left?.value, right?.value)) return [];
    const { kind, environment, layer, key } = (right ?? left) as StoredRecord;
    return [
      {
        kind,
        ...(environment !== undefined && { environment }),
        ...(layer !== undefined && { layer }),
        key,
        ...(left?.value !== undefined && { before: left.value }),
        ...(right?.value !== undefined && { after: right.value }),
      },
    ];
  });
}

function index(records: Iterable<StoredRecord>, scope: DiffScope): Map<string, StoredRecord> {
  const found = new Map<string, StoredRecord>();
  for (const record of records) {
    if (record.value !== undefined && isInScope(record, scope)) found.set(recordIdText(record), record);
  }
  return found;
}

/** The changes that undo these, in reverse order. */
export function invertChanges(changes: readonly Change[]): Change[] {
  return changes.toReversed().map(({ before, after, ...id }) => ({
    ...id,
    ...(after !== undefined && { before: after }),
    ...(before !== undefined && { after: before }),
  }));
}

/** The records after some changes; what they delete stays known without a value, at the revision given. */
export function applyChanges(records: Iterable<StoredRecord>, changes: readonly Change[], revision: number): StoredRecord[] {
  const found = new Map([...records].map((record) => [recordIdText(record), record]));
  for (const { before: _, after, ...id } of changes) {
    found.set(recordIdText(id), { ...id, ...(after !== undefined && { value: after }), revision });
  }
  return [...found.values()];
}
