import type { Json, RecordId, RecordKind, StoredRecord } from "@setpoint/core";
import type { Entry, EntryOutline, NewEntry } from "../../ports/change-log.ts";

// What crosses between the daemon's thread and the store's: flat rows, values as JSON text, so that the copy is cheap.

/** A record's id as columns; "" where the id has none. */
export interface KeyRow {
  readonly kind: string;
  readonly environment: string;
  readonly layer: string;
  readonly key: string;
}

export interface ChangeRow extends KeyRow {
  readonly salt: string;
  /** JSON text; null = deleted. */
  readonly after: string | null;
}

export interface EntryRow {
  readonly revision: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly header: string;
  readonly content: string;
  readonly principal: string | null;
  readonly idempotencyKey: string | null;
  readonly changes: readonly ChangeRow[];
}

export interface HashedEntryRow extends EntryRow {
  readonly hash: string;
}

export type OutlineRow = Pick<HashedEntryRow, "revision" | "at" | "header" | "content" | "hash">;

/** A change with what stood there before it; JSON texts, null = not stored. */
export interface DiffRow extends KeyRow {
  readonly before: string | null;
  readonly after: string | null;
}

/** Records that share kind, environment and layer, as columns of equal length. */
export interface RecordsBlock extends Omit<KeyRow, "key"> {
  readonly keys: string[];
  readonly revisions: number[];
  readonly values: (string | null)[];
}

export function toKeyRow(id: RecordId): KeyRow {
  return { kind: id.kind, environment: id.environment ?? "", layer: id.layer ?? "", key: id.key };
}

export function fromKeyRow({ kind, environment, layer, key }: KeyRow): RecordId {
  return {
    kind: kind as RecordKind,
    ...(environment !== "" && { environment }),
    ...(layer !== "" && { layer: layer as NonNullable<RecordId["layer"]> }),
    key,
  };
}

export function toEntryRow(entry: NewEntry): EntryRow {
  return {
    revision: entry.revision,
    at: Date.parse(entry.at),
    header: entry.header,
    content: entry.content,
    principal: entry.idempotency?.principal ?? null,
    idempotencyKey: entry.idempotency?.key ?? null,
    changes: entry.changes.map((change) => ({ ...toKeyRow(change), salt: change.salt, after: toText(change.after) })),
  };
}

export function fromEntryRow(row: HashedEntryRow): Entry {
  const { principal, idempotencyKey: key } = row;
  return {
    revision: row.revision,
    at: new Date(row.at).toISOString(),
    header: row.header,
    content: row.content,
    changes: row.changes.map((change) => ({ ...fromKeyRow(change), salt: change.salt, ...member("after", change.after) })),
    ...(principal !== null && key !== null && { idempotency: { principal, key } }),
    hash: row.hash,
  };
}

export function fromOutlineRow({ at, ...row }: OutlineRow): EntryOutline {
  return { ...row, at: new Date(at).toISOString() };
}

export function fromRecordsBlock({ keys, revisions, values, ...shared }: RecordsBlock): StoredRecord[] {
  const id = fromKeyRow({ ...shared, key: "" });
  return keys.map((key, index) => {
    const revision = revisions[index] as number;
    const text = values[index] ?? null;
    return text === null ? { ...id, key, revision } : { ...id, key, value: JSON.parse(text) as Json, revision };
  });
}

/** `{[name]: value}`, or nothing for null. */
export function member<Name extends string>(name: Name, text: string | null): { readonly [N in Name]?: Json } {
  return text === null ? {} : ({ [name]: JSON.parse(text) as Json } as { readonly [N in Name]: Json });
}

function toText(value: Json | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
