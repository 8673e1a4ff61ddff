import type { DatabaseSync } from "node:sqlite";
import type { AppendOutcome, Head, RecordFilter } from "../../ports/change-log.ts";
import { isSameHead } from "./chain.ts";
import { openDatabase } from "./sqlite-database.ts";
import { storeFault } from "./sqlite-fault.ts";
import { prepareReading } from "./sqlite-reading.ts";
import type { RecordsPage, SqliteReading } from "./sqlite-reading.ts";
import type { DiffRow, EntryRow, HashedEntryRow, KeyRow, OutlineRow } from "./sqlite-rows.ts";
import type { Failpoints, SqliteSettings } from "./sqlite-settings.ts";
import { prepareWriting } from "./sqlite-writing.ts";
import type { SqliteWriting } from "./sqlite-writing.ts";
import { preallocateWal, syncWal } from "./wal-file.ts";
import { StoreError } from "./store-error.ts";

/** The log over one SQLite file, synchronous: the worker's inside, and the list of calls that it answers. */
export interface SqliteStore {
  head(): Head;
  append(expected: Head, entries: readonly EntryRow[]): AppendOutcome;
  read(after: number, limit: number): HashedEntryRow[];
  outlines(after: number, limit: number): OutlineRow[];
  revisionAt(at: number): number;
  record(id: KeyRow, revision: number): { revision: number; value: string | null } | undefined;
  records(filter: RecordFilter, revision: number, limit: number, from?: KeyRow): RecordsPage;
  changes(revision: number): DiffRow[];
  byIdempotencyKey(principal: string, key: string): HashedEntryRow | undefined;
  /**
   * Does what appending leaves for later, when there is enough of it or nothing else to do: writes the index of recent
   * changes, and moves what was written from the write-ahead log into the database.
   */
  tidy(when: "grown" | "idle"): void;
  close(): void;
}

interface OpenStore {
  readonly database: DatabaseSync;
  readonly reading: SqliteReading;
  readonly writing: SqliteWriting;
  /** Pages in the write-ahead log, and how many of them are in the database already. */
  readonly walPages: () => { readonly log: number; readonly checkpointed: number };
}

/** Bytes of one page in the write-ahead log, its header included. */
const walPageBytes = 4096 + 24;

/**
 * The store at `settings.path`; the file is opened at the first call. Reads see what is known to be durable.
 * After a COMMIT of unknown outcome appends are refused until the file was opened anew and proven.
 */
export function createSqliteStore(settings: SqliteSettings): SqliteStore {
  const failpoints: Failpoints = { ...settings.failpoints };
  const walPagesMax = Math.floor((settings.walBytes / walPageBytes) * 0.9);
  let store: OpenStore | undefined;
  /** Durable beyond doubt. */
  let durable: Head | undefined;
  /** Whether the file holds, or may hold, something of which that cannot be said. */
  let isDoubtful = false;

  function open(): OpenStore {
    if (store) return store;
    const database = openDatabase(settings);
    try {
      store = {
        database,
        reading: prepareReading(database),
        writing: prepareWriting(database),
        walPages: prepareWalPages(database),
      };
      refuseDamagedHead(store.reading);
      if (durable) return store;
      const head = store.reading.head();
      makeDurable(database);
      durable = head;
      return store;
    } catch (cause) {
      store = undefined;
      database.close();
      throw storeFault(cause, settings.path);
    }
  }

  /** What would be served and built upon must be what was written. */
  function refuseDamagedHead(reading: SqliteReading): void {
    const revision = reading.damagedHead();
    if (revision === undefined) return;
    throw new StoreError(
      "store_unavailable",
      `The store ${settings.path} is damaged: its newest entry, revision ${revision}, does not have the hash of its content. ` +
        "Put the store back from a backup; nothing was changed.",
    );
  }

  function closeDatabase(): void {
    const database = store?.database;
    store = undefined;
    try {
      database?.close();
    } catch {
      // A handle that cannot be closed is given up; the next opening says whether the file still answers.
    }
  }

  /** A process that died may have left commits in the write-ahead log that never reached the disk. */
  function makeDurable(database: DatabaseSync): void {
    try {
      prove(database);
    } catch {
      // Where there is no room for copies: what is there can be read once it is synced; appending waits for proof.
      isDoubtful = true;
    }
    syncWal(settings.path);
  }

  /**
   * Makes everything in the file durable by a way that does not trust an earlier fsync: copied into the database, synced,
   * and the write-ahead log cut off. False when another process reads and is in the way; throws when the disk fails.
   */
  function prove(database: DatabaseSync): boolean {
    const result = database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get();
    preallocateWal(settings.path, settings.walBytes);
    syncWal(settings.path);
    return result?.["busy"] === 0;
  }

  function recover(): void {
    closeDatabase();
    try {
      const { database, reading } = open();
      const head = reading.head();
      if (!prove(database)) throw new StoreError("store_unavailable", "Another process reads the store and keeps it from recovering.");
      durable = head;
      isDoubtful = false;
    } catch (cause) {
      throw storeFault(cause, settings.path);
    }
  }

  function fail(point: keyof Failpoints): void {
    const action = failpoints[point];
    delete failpoints[point];
    if (action === "exit") process.exit(1);
    if (action === "throw") throw new Error(`failpoint ${point}`);
  }

  /**
   * What has become of a group whose COMMIT failed: committed, or a fault that says whether anything was written.
   * After a fault the next append proves the file first: an fsync that failed may succeed the second time without having written.
   */
  function investigate(before: Head, after: Head, cause: unknown): AppendOutcome {
    const fault = storeFault(cause, settings.path);
    let wasWritten = true;
    isDoubtful = true;
    closeDatabase();
    try {
      const { database, reading } = open();
      const found = reading.head();
      wasWritten = !isSameHead(found, before);
      if (isSameHead(found, after) && prove(database)) {
        isDoubtful = false;
        durable = after;
        return { state: "committed", head: after };
      }
    } catch {
      // Then the outcome stays unknown; the failure of COMMIT is the one to report.
    }
    if (!wasWritten) throw fault;
    throw new StoreError("outcome_unknown", "The store failed while it committed, and does not say whether it did.", { cause });
  }

  /** Nothing depends on it: where it fails, the changes stay recent, and after a failed COMMIT the file must be proven. */
  function fileRecent({ database, writing }: OpenStore): void {
    try {
      database.exec("BEGIN IMMEDIATE");
      writing.fileRecent();
    } catch {
      return rollBack({ database, writing });
    }
    try {
      database.exec("COMMIT");
    } catch {
      isDoubtful = true;
      closeDatabase();
    }
  }

  function checkpoint({ database }: OpenStore): void {
    try {
      database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    } catch {
      // What is committed stays in the write-ahead log; the next checkpoint tries again.
    }
  }

  function rollBack({ database, writing }: Pick<OpenStore, "database" | "writing">): void {
    try {
      // A full disk may have rolled back already.
      if (database.isTransaction) database.exec("ROLLBACK");
      writing.forget();
    } catch {
      closeDatabase();
    }
  }

  function append(expected: Head, entries: readonly EntryRow[]): AppendOutcome {
    if (isDoubtful) recover();
    const current = open();
    let after: Head;
    try {
      fail("beforeBegin");
      current.database.exec("BEGIN IMMEDIATE");
      const head = current.reading.head();
      if (!isSameHead(head, expected)) {
        rollBack(current);
        durable = head;
        return { state: "conflict", head };
      }
      after = current.writing.insert(head, entries);
      fail("beforeCommit");
    } catch (cause) {
      rollBack(current);
      throw storeFault(cause, settings.path);
    }
    try {
      current.database.exec("COMMIT");
      fail("afterCommit");
    } catch (cause) {
      return investigate(expected, after, cause);
    }
    durable = after;
    return { state: "committed", head: after };
  }

  function read<T>(use: (reading: SqliteReading, upTo: number) => T): T {
    const { reading } = open();
    try {
      return use(reading, (durable as Head).revision);
    } catch (cause) {
      throw cause instanceof StoreError
        ? cause
        : new StoreError("store_unavailable", `The store cannot be read: ${(cause as Error).message}.`, { cause });
    }
  }

  return {
    head: () => (open(), durable as Head),
    append,
    read: (after, limit) => read((reading, upTo) => reading.read(after, limit, upTo)),
    outlines: (after, limit) => read((reading, upTo) => reading.outlines(after, limit, upTo)),
    revisionAt: (at) => read((reading, upTo) => reading.revisionAt(at, upTo)),
    record: (id, revision) => read((reading, upTo) => reading.record(id, Math.min(revision, upTo))),
    records: (filter, revision, limit, from) => read((reading, upTo) => reading.records(filter, Math.min(revision, upTo), limit, from)),
    changes: (revision) => read((reading, upTo) => reading.changes(revision, upTo)),
    byIdempotencyKey: (principal, key) => read((reading, upTo) => reading.byIdempotencyKey(principal, key, upTo)),
    tidy(when) {
      if (!store || isDoubtful) return;
      const isDue = (count: number, most: number) => count >= (when === "grown" ? most : 1);
      if (isDue(store.writing.recentCount(), settings.recentChangesMax)) fileRecent(store);
      if (!store) return;
      const { log, checkpointed } = store.walPages();
      if (isDue(log - checkpointed, walPagesMax)) checkpoint(store);
    },
    close() {
      if (store && !isDoubtful && store.writing.recentCount() > 0) fileRecent(store);
      // The last connection to close moves everything into the database and removes the write-ahead log.
      closeDatabase();
    },
  };
}

function prepareWalPages(database: DatabaseSync): OpenStore["walPages"] {
  const statement = database.prepare("PRAGMA wal_checkpoint(NOOP)");
  return () => {
    const row = statement.get();
    return { log: row?.["log"] as number, checkpointed: row?.["checkpointed"] as number };
  };
}
