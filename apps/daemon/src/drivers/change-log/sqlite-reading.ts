import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Head, RecordFilter } from "../../ports/change-log.ts";
import { emptyHead } from "./chain.ts";
import { verifyChecksum } from "./change-checksum.ts";
import type { ChangeRow, DiffRow, HashedEntryRow, KeyRow, RecordsBlock } from "./sqlite-rows.ts";

/** Some records in order, and where the next page starts; without `next` there is none. */
export interface RecordsPage {
  readonly blocks: RecordsBlock[];
  readonly next?: KeyRow;
}

/** Reads of the log as of `upTo`: nothing above that revision is seen. */
export interface SqliteReading {
  /** The newest entry of the file, whatever is known of its durability. */
  head(): Head;
  read(after: number, limit: number, upTo: number): HashedEntryRow[];
  revisionAt(at: number, upTo: number): number;
  record(id: KeyRow, upTo: number): { revision: number; value: string | null } | undefined;
  /** At most `limit` records from `from` on. */
  records(filter: RecordFilter, upTo: number, limit: number, from?: KeyRow): RecordsPage;
  changes(revision: number, upTo: number): DiffRow[];
  byIdempotencyKey(principal: string, key: string, upTo: number): HashedEntryRow | undefined;
}

type ChangeColumns = [keyId: number, revision: number, salt: string | null, after: string | null, checksum: number];
type KeyColumns = [kind: string, environment: string, layer: string, key: string];
type EntryColumns = [number, number, string, string | null, string | null, string | null, string];

const entryColumns = "revision, at, header, content, principal, idempotency_key, hash";
const latest = (revision: string) => `(SELECT max(revision) FROM changes WHERE key_id = k.id AND revision ${revision})`;
const recordsWhere = (keys: string) => `
  SELECT k.key, c.key_id, c.revision, c.salt, c.after, c.checksum
  FROM keys k CROSS JOIN changes c ON c.key_id = k.id AND c.revision = ${latest("<= ?")}
  WHERE k.kind = ? AND k.environment = ? AND k.layer = ? AND ${keys}
  ORDER BY k.key LIMIT ?`;

/** Prepares the store's reads on an open database. A damaged change throws `store_unavailable`. */
export function prepareReading(database: DatabaseSync): SqliteReading {
  const lastEntry = rowsOf<[number, string]>(database, "SELECT revision, hash FROM entries ORDER BY revision DESC LIMIT 1");
  const entriesAfter = rowsOf<EntryColumns>(
    database,
    `SELECT ${entryColumns} FROM entries WHERE revision > ? AND revision <= ? ORDER BY revision LIMIT ?`,
  );
  const entryByKey = rowsOf<EntryColumns>(
    database,
    `SELECT ${entryColumns} FROM entries WHERE principal = ? AND idempotency_key = ? AND revision <= ?`,
  );
  const entryInTime = rowsOf<[number]>(
    database,
    "SELECT revision FROM entries WHERE late = 0 AND at <= ? AND revision <= ? ORDER BY at DESC, revision DESC LIMIT 1",
  );
  const entryLate = rowsOf<[number | null]>(database, "SELECT max(revision) FROM entries WHERE late = 1 AND at <= ? AND revision <= ?");
  const changesOf = rowsOf<[...KeyColumns, ...ChangeColumns]>(
    database,
    `SELECT k.kind, k.environment, k.layer, k.key, c.key_id, c.revision, c.salt, c.after, c.checksum
     FROM changes c JOIN keys k ON k.id = c.key_id WHERE c.revision = ? ORDER BY c.position`,
  );
  const changeOfKey = rowsOf<ChangeColumns>(
    database,
    `SELECT c.key_id, c.revision, c.salt, c.after, c.checksum FROM keys k JOIN changes c ON c.key_id = k.id
     WHERE k.kind = ? AND k.environment = ? AND k.layer = ? AND k.key = ? AND c.revision <= ? ORDER BY c.revision DESC LIMIT 1`,
  );
  const partitionAfter = rowsOf<[string, string, string]>(
    database,
    `SELECT kind, environment, layer FROM keys WHERE (kind, environment, layer) > (?, ?, ?)
     ORDER BY kind, environment, layer LIMIT 1`,
  );
  const recordsFrom = rowsOf<[string, ...ChangeColumns]>(database, recordsWhere("k.key >= ?"));
  const recordsBelow = rowsOf<[string, ...ChangeColumns]>(
    database,
    recordsWhere("k.key >= ? AND k.key < ? AND (k.key = ? OR k.key >= ?)"),
  );

  function toEntry([revision, at, header, content, principal, idempotencyKey, hash]: EntryColumns): HashedEntryRow {
    const changes = changesOf(revision).map(([kind, environment, layer, key, ...change]): ChangeRow => {
      const id = { kind, environment, layer, key };
      return { ...id, salt: change[2] ?? "", after: verified(id, change) };
    });
    return { revision, at, header, content: content ?? "", principal, idempotencyKey, hash, changes };
  }

  function record(id: KeyRow, upTo: number): { revision: number; value: string | null } | undefined {
    const [change] = changeOfKey(id.kind, id.environment, id.layer, id.key, upTo);
    return change && { revision: change[1], value: verified(id, change) };
  }

  /** The combinations of kind, environment and layer that keys exist for, in order: one seek each. */
  function* partitions(filter: RecordFilter, from: KeyRow | undefined): Generator<Omit<KeyRow, "key">> {
    let row: readonly [string, string, string] | undefined = from
      ? [from.kind, from.environment, from.layer]
      : partitionAfter(filter.kind ?? "", "", "")[0];
    // A kind of its own never sorts behind itself with an empty environment and layer: that partition is asked for first.
    if (!from && filter.kind !== undefined) yield { kind: filter.kind, environment: "", layer: "" };
    while (row) {
      const [kind, environment, layer] = row;
      if (filter.kind !== undefined && kind !== filter.kind) return;
      yield { kind, environment, layer };
      [row] = partitionAfter(kind, environment, layer);
    }
  }

  function recordsOf({ kind, environment, layer }: Omit<KeyRow, "key">, { keyPrefix }: RecordFilter, upTo: number, limit: number, from: string) {
    if (keyPrefix === undefined) return recordsFrom(upTo, kind, environment, layer, from, limit);
    // "/" follows "." directly, so that the range ends where the keys below the prefix do.
    const start = from === "" ? keyPrefix : from;
    return recordsBelow(upTo, kind, environment, layer, start, `${keyPrefix}/`, keyPrefix, `${keyPrefix}.`, limit);
  }

  return {
    head() {
      const [row] = lastEntry();
      return row ? { revision: row[0], hash: row[1] } : emptyHead;
    },
    read: (after, limit, upTo) => entriesAfter(after, upTo, limit).map(toEntry),
    revisionAt(at, upTo) {
      const [inTime] = entryInTime(at, upTo);
      const [late] = entryLate(at, upTo);
      return Math.max(inTime?.[0] ?? 0, late?.[0] ?? 0);
    },
    record,
    records(filter, upTo, limit, from) {
      const blocks: RecordsBlock[] = [];
      let room = limit;
      let startKey = from?.key ?? "";
      for (const partition of partitions(filter, from)) {
        if (filter.environment !== undefined && partition.environment !== filter.environment) continue;
        if (room === 0) return { blocks, next: { ...partition, key: "" } };
        const block: RecordsBlock = { ...partition, keys: [], revisions: [], values: [] };
        const rows = recordsOf(partition, filter, upTo, room, startKey);
        for (const [key, ...change] of rows) {
          block.keys.push(key);
          block.revisions.push(change[1]);
          block.values.push(verified({ ...partition, key }, change));
        }
        if (rows.length > 0) blocks.push(block);
        if (rows.length === room) return { blocks, next: { ...partition, key: `${block.keys.at(-1) ?? ""}\0` } };
        room -= rows.length;
        startKey = "";
      }
      return { blocks };
    },
    changes: (revision, upTo) =>
      (revision <= upTo ? changesOf(revision) : []).map(([kind, environment, layer, key, ...change]) => {
        const id = { kind, environment, layer, key };
        return { ...id, before: record(id, revision - 1)?.value ?? null, after: verified(id, change) };
      }),
    byIdempotencyKey(principal, key, upTo) {
      const [row] = entryByKey(principal, key, upTo);
      return row && toEntry(row);
    },
  };
}

function verified(id: KeyRow, [keyId, revision, salt, after, checksum]: ChangeColumns): string | null {
  verifyChecksum({ ...id, keyId, revision, salt, after }, checksum);
  return after;
}

/** A prepared statement as a function from parameters to rows. The caller states the columns' types; the tables are STRICT. */
function rowsOf<Row extends unknown[]>(database: DatabaseSync, sql: string): (...parameters: SQLInputValue[]) => Row[] {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  return (...parameters) => statement.all(...parameters) as unknown[] as Row[];
}
