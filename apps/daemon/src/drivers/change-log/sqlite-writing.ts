import type { DatabaseSync } from "node:sqlite";
import type { Head } from "../../ports/change-log.ts";
import { chainHash } from "./chain.ts";
import { changeChecksum } from "./change-checksum.ts";
import type { EntryRow, KeyRow } from "./sqlite-rows.ts";

/** Writes of the log, inside a transaction of the caller's. */
export interface SqliteWriting {
  /** Chains the entries onto `head`; returns the new head. */
  insert(head: Head, entries: readonly EntryRow[]): Head;
  /** To be called after a rollback: what was learnt inside the transaction is no longer true. */
  forget(): void;
  /** Changes that wait for the index to be written. */
  recentCount(): number;
  /** Writes the index for all of them. */
  fileRecent(): void;
}

/** Ids of keys that are remembered, so that a change of a known key costs no look-up. */
const keyIdsMax = 100_000;

/** Prepares the store's writes on an open database. */
export function prepareWriting(database: DatabaseSync): SqliteWriting {
  const insertEntry = database.prepare("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const insertKey = database.prepare("INSERT INTO keys (kind, environment, layer, key) VALUES (?, ?, ?, ?)");
  const insertChange = database.prepare("INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?)");
  const insertRecent = database.prepare("INSERT INTO recent SELECT key_id, revision, id FROM changes WHERE id > ?");
  const findKey = database.prepare("SELECT id FROM keys WHERE kind = ? AND environment = ? AND layer = ? AND key = ?");
  const findMarks = database.prepare("SELECT latest_at, last_change FROM entries ORDER BY revision DESC LIMIT 1");
  const countRecent = database.prepare("SELECT count(*) AS count FROM recent");
  const keyIds = new Map<string, number>();
  let marks: Marks | undefined;
  let recentCount = countRecent.get()?.["count"] as number;

  /** The marks of the newest entry. */
  function readMarks(): Marks {
    const row = findMarks.get();
    return row ? { latestAt: row["latest_at"] as number, lastChange: row["last_change"] as number } : { latestAt: 0, lastChange: 0 };
  }

  function keyIdOf(id: KeyRow): number {
    const text = `${id.kind}\0${id.environment}\0${id.layer}\0${id.key}`;
    let keyId = keyIds.get(text);
    if (keyId === undefined) {
      const columns = [id.kind, id.environment, id.layer, id.key] as const;
      keyId = (findKey.get(...columns)?.["id"] ?? insertKey.run(...columns).lastInsertRowid) as number;
      if (keyIds.size === keyIdsMax) keyIds.clear();
      keyIds.set(text, keyId);
    }
    return keyId;
  }

  function insertChanges({ revision, changes }: EntryRow, lastChange: number): void {
    let changeId = lastChange;
    for (const { salt, after, ...id } of changes) {
      changeId += 1;
      const keyId = keyIdOf(id);
      insertChange.run(changeId, keyId, revision, salt, after, changeChecksum({ ...id, keyId, revision, salt, after }));
    }
  }

  return {
    insert(head, entries) {
      let { hash } = head;
      let { latestAt, lastChange } = marks ?? readMarks();
      const changesBefore = lastChange;
      for (const entry of entries) {
        const { revision, at, header, content, principal, idempotencyKey } = entry;
        insertChanges(entry, lastChange);
        hash = chainHash(hash, header);
        latestAt = Math.max(latestAt, at);
        lastChange += entry.changes.length;
        insertEntry.run(revision, at, latestAt, lastChange, header, hash, content, principal, idempotencyKey);
      }
      insertRecent.run(changesBefore);
      recentCount += lastChange - changesBefore;
      marks = { latestAt, lastChange };
      return { revision: head.revision + entries.length, hash };
    },
    forget() {
      keyIds.clear();
      marks = undefined;
      recentCount = countRecent.get()?.["count"] as number;
    },
    recentCount: () => recentCount,
    fileRecent() {
      database.exec(`
        INSERT INTO history SELECT * FROM recent;
        UPDATE filed SET change_id = (SELECT max(id) FROM changes);
        DELETE FROM recent;
      `);
      recentCount = 0;
    },
  };
}

/** What an entry says of all entries up to it. */
interface Marks {
  readonly latestAt: number;
  readonly lastChange: number;
}
