import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Head, RecordFilter } from "../../ports/change-log.ts";
import { chainHash, emptyHead, isHash } from "./chain.ts";
import { verifyChecksum } from "./change-checksum.ts";
import type { ChangeRow, DiffRow, HashedEntryRow, KeyRow, OutlineRow, RecordsBlock } from "./sqlite-rows.ts";

/** Some records in order, and where the next page starts; without `next` there is none. */
export interface RecordsPage {
  readonly blocks: RecordsBlock[];
  readonly next?: KeyRow;
}

/** Reads of the log as of `upTo`: nothing above that revision is seen. */
export interface SqliteReading {
  /** The newest entry of the file, whatever is known of its durability. */
  head(): Head;
  /** The revision of the newest entry if it is damaged: if its hash is not that of its header and the entry before it. */
  damagedHead(): number | undefined;
  read(after: number, limit: number, upTo: number): HashedEntryRow[];
  outlines(after: number, limit: number, upTo: number): OutlineRow[];
  revisionAt(at: number, upTo: number): number;
  record(id: KeyRow, upTo: number): { revision: number; value: string | null } | undefined;
  /** At most `limit` records from `from` on. */
  records(filter: RecordFilter, upTo: number, limit: number, from?: KeyRow): RecordsPage;
  changes(revision: number, upTo: number): DiffRow[];
  byIdempotencyKey(principal: string, key: string, upTo: number): HashedEntryRow | undefined;
}

type ChangeColumns = [keyId: number, revision: number, salt: string | null, after: string | null, checksum: number];
type KeyColumns = [kind: string, environment: string, layer: string, key: string];
type EntryColumns = [
  revision: number,
  at: number,
  header: string,
  content: string | null,
  principal: string | null,
  idempotencyKey: string | null,
  hash: string,
  lastChange: number,
];

const entryColumns = "revision, at, header, content, principal, idempotency_key, hash, last_change";
const changeColumns = "c.key_id, c.revision, c.salt, c.after, c.checksum";
/** The id of the last change of key `k` up to a revision, which is given twice. What is recent is newer than what is filed. */
const lastChangeOfKey = `coalesce(
  (SELECT change_id FROM recent WHERE key_id = k.id AND revision <= ? ORDER BY revision DESC LIMIT 1),
  (SELECT change_id FROM history WHERE key_id = k.id AND revision <= ? ORDER BY revision DESC LIMIT 1))`;
const recordsWhere = (keys: string) => `
  SELECT k.key, ${changeColumns} FROM keys k CROSS JOIN changes c ON c.id = ${lastChangeOfKey}
  WHERE k.kind = ? AND k.environment = ? AND k.layer = ? AND ${keys}
  ORDER BY k.key LIMIT ?`;

/** Prepares the store's reads on an open database. A damaged change throws `store_unavailable`. */
export function prepareReading(database: DatabaseSync): SqliteReading {
  const lastEntry = rowsOf<[number, string]>(database, "SELECT revision, hash FROM entries ORDER BY revision DESC LIMIT 1");
  const lastHeaders = rowsOf<[revision: number, header: string, hash: string]>(
    database,
    "SELECT revision, header, hash FROM entries ORDER BY revision DESC LIMIT 2",
  );
  const entriesAfter = rowsOf<EntryColumns>(
    database,
    `SELECT ${entryColumns} FROM entries WHERE revision > ? AND revision <= ? ORDER BY revision LIMIT ?`,
  );
  const outlinesAfter = rowsOf<[revision: number, at: number, header: string, content: string | null, hash: string]>(
    database,
    `SELECT revision, at, header, json_remove(content, '$.answer'), hash FROM entries
     WHERE revision > ? AND revision <= ? ORDER BY revision LIMIT ?`,
  );
  const entryByKey = rowsOf<EntryColumns>(
    database,
    `SELECT ${entryColumns} FROM entries WHERE principal = ? AND idempotency_key = ? AND revision <= ?`,
  );
  const entryMarks = rowsOf<[latestAt: number, lastChange: number]>(
    database,
    "SELECT latest_at, last_change FROM entries WHERE revision = ?",
  );
  const lateEntry = rowsOf<[number | null]>(
    database,
    "SELECT max(revision) FROM entries WHERE at < latest_at AND at <= ? AND revision <= ?",
  );
  const changesBetween = rowsOf<[...KeyColumns, ...ChangeColumns]>(
    database,
    `SELECT k.kind, k.environment, k.layer, k.key, ${changeColumns}
     FROM changes c CROSS JOIN keys k ON k.id = c.key_id WHERE c.id > ? AND c.id <= ? ORDER BY c.id`,
  );
  const changeOfKey = rowsOf<ChangeColumns>(
    database,
    `SELECT ${changeColumns} FROM keys k CROSS JOIN changes c ON c.id = ${lastChangeOfKey}
     WHERE k.kind = ? AND k.environment = ? AND k.layer = ? AND k.key = ?`,
  );
  const partitionAfter = rowsOf<[string, string, string]>(
    database,
    `SELECT kind, environment, layer FROM keys WHERE (kind, environment, layer) > (?, ?, ?)
     ORDER BY kind, environment, layer LIMIT 1`,
  );
  const recordsFrom = rowsOf<[string, ...ChangeColumns]>(database, recordsWhere("k.key >= ?"));
  const recordsBelow = rowsOf<[string, ...ChangeColumns]>(database, recordsWhere("k.key >= ? AND k.key < ? AND (k.key = ? OR k.key >= ?)"));

  /** The changes of the entry whose last one is `lastChange`, in order. */
  function changesOf(revision: number, lastChange: number): [...KeyColumns, ...ChangeColumns][] {
    return changesBetween(entryMarks(revision - 1)[0]?.[1] ?? 0, lastChange);
  }

  function toEntry([revision, at, header, content, principal, idempotencyKey, hash, lastChange]: EntryColumns): HashedEntryRow {
    const changes = changesOf(revision, lastChange).map(([kind, environment, layer, key, ...change]): ChangeRow => {
      const id = { kind, environment, layer, key };
      return { ...id, salt: change[2] ?? "", after: verified(id, change) };
    });
    return { revision, at, header, content: content ?? "", principal, idempotencyKey, hash, changes };
  }

  function record(id: KeyRow, upTo: number): { revision: number; value: string | null } | undefined {
    const [change] = changeOfKey(upTo, upTo, id.kind, id.environment, id.layer, id.key);
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

  function recordsOf(
    { kind, environment, layer }: Omit<KeyRow, "key">,
    { keyPrefix }: RecordFilter,
    upTo: number,
    limit: number,
    from: string,
  ) {
    if (keyPrefix === undefined) return recordsFrom(upTo, upTo, kind, environment, layer, from, limit);
    // "/" follows "." directly, so that the range ends where the keys below the prefix do.
    const start = from === "" ? keyPrefix : from;
    return recordsBelow(upTo, upTo, kind, environment, layer, start, `${keyPrefix}/`, keyPrefix, `${keyPrefix}.`, limit);
  }

  return {
    head() {
      const [row] = lastEntry();
      return row ? { revision: row[0], hash: row[1] } : emptyHead;
    },
    damagedHead() {
      const [last, before] = lastHeaders();
      if (!last) return undefined;
      const [revision, header, hash] = last;
      const previous = revision === 1 ? emptyHead.hash : before?.[0] === revision - 1 ? before[2] : "";
      return isHash(previous) && chainHash(previous, header) === hash ? undefined : revision;
    },
    read: (after, limit, upTo) => entriesAfter(after, upTo, limit).map(toEntry),
    outlines: (after, limit, upTo) =>
      outlinesAfter(after, upTo, limit).map(([revision, at, header, content, hash]) => ({
        revision,
        at,
        header,
        content: content ?? "",
        hash,
      })),
    revisionAt(at, upTo) {
      // Up to the entry found, none is later than `at`; behind it only those can count that were late.
      let found = 0;
      let above = upTo + 1;
      while (above - found > 1) {
        const middle = Math.floor((found + above) / 2);
        if ((entryMarks(middle)[0]?.[0] ?? Infinity) <= at) found = middle;
        else above = middle;
      }
      return Math.max(found, lateEntry(at, upTo)[0]?.[0] ?? 0);
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
    changes(revision, upTo) {
      const [marks] = revision <= upTo ? entryMarks(revision) : [];
      return (marks ? changesOf(revision, marks[1]) : []).map(([kind, environment, layer, key, ...change]) => {
        const id = { kind, environment, layer, key };
        return { ...id, before: record(id, revision - 1)?.value ?? null, after: verified(id, change) };
      });
    },
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
