import type { DatabaseSync } from "node:sqlite";
import { recordIdText } from "@setpoint/core";
import type { Head } from "../../ports/change-log.ts";
import { chainHash } from "./chain.ts";
import { changeChecksum } from "./change-checksum.ts";
import { fromKeyRow } from "./sqlite-rows.ts";
import type { EntryRow, KeyRow } from "./sqlite-rows.ts";

/** Writes of the log, inside a transaction of the caller's. */
export interface SqliteWriting {
  /** Chains the entries onto `head`; returns the new head. */
  insert(head: Head, entries: readonly EntryRow[]): Head;
  /** To be called after a rollback: what was learnt inside the transaction is no longer true. */
  forget(): void;
}

/** Ids of keys that are remembered, so that a change of a known key costs no look-up. */
const keyIdsMax = 100_000;

/** Prepares the store's writes on an open database. */
export function prepareWriting(database: DatabaseSync): SqliteWriting {
  const insertEntry = database.prepare("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  const insertKey = database.prepare("INSERT INTO keys (kind, environment, layer, key) VALUES (?, ?, ?, ?)");
  const insertChange = database.prepare("INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?)");
  const findKey = database.prepare("SELECT id FROM keys WHERE kind = ? AND environment = ? AND layer = ? AND key = ?");
  const findLatestTime = database.prepare("SELECT max(at) AS at FROM entries WHERE late = 0");
  const keyIds = new Map<string, number>();
  let latestTime: number | undefined;

  function keyIdOf(id: KeyRow): number {
    const text = recordIdText(fromKeyRow(id));
    let keyId = keyIds.get(text);
    if (keyId === undefined) {
      const columns = [id.kind, id.environment, id.layer, id.key] as const;
      keyId = (findKey.get(...columns)?.["id"] ?? insertKey.run(...columns).lastInsertRowid) as number;
      if (keyIds.size === keyIdsMax) keyIds.clear();
      keyIds.set(text, keyId);
    }
    return keyId;
  }

  function insertChanges({ revision, changes }: EntryRow): void {
    let position = 0;
    for (const { salt, after, ...id } of changes) {
      const keyId = keyIdOf(id);
      insertChange.run(keyId, revision, position, salt, after, changeChecksum({ ...id, keyId, revision, salt, after }));
      position += 1;
    }
  }

  return {
    insert(head, entries) {
      latestTime ??= (findLatestTime.get()?.["at"] as number | null) ?? 0;
      let { hash } = head;
      for (const entry of entries) {
        hash = chainHash(hash, entry.header);
        const isLate = entry.at < latestTime;
        insertEntry.run(entry.revision, entry.at, Number(isLate), entry.header, hash, entry.content, entry.principal, entry.idempotencyKey);
        insertChanges(entry);
        if (!isLate) latestTime = entry.at;
      }
      return { revision: head.revision + entries.length, hash };
    },
    forget() {
      keyIds.clear();
      latestTime = undefined;
    },
  };
}
