import { chmodSync, closeSync, lstatSync, openSync, readSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { sqliteCodeOf, sqliteCodes, storeFault } from "./sqlite-fault.ts";
import type { SqliteSettings } from "./sqlite-settings.ts";
import { StoreError } from "./store-error.ts";

/** "Setp": marks the file as Setpoint's own, for SQLite and for `file`. */
const applicationId = 0x53657470;
/** Counts up with each change of the tables. */
const schemaVersion = 1;
const pageBytes = 4096;

const tables = `
  CREATE TABLE entries (
    revision INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,                -- milliseconds since 1970
    latest_at INTEGER NOT NULL,         -- the latest time up to here: clocks go back, this does not
    last_change INTEGER NOT NULL,       -- id of its last change; its first one follows the entry before
    header TEXT NOT NULL,
    hash TEXT NOT NULL,
    content TEXT,                       -- NULL = erased
    principal TEXT,
    idempotency_key TEXT
  ) STRICT;
  CREATE INDEX entries_late ON entries (at) WHERE at < latest_at;
  CREATE UNIQUE INDEX entries_by_idempotency_key ON entries (principal, idempotency_key) WHERE idempotency_key IS NOT NULL;

  CREATE TABLE keys (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    environment TEXT NOT NULL,          -- '' = none
    layer TEXT NOT NULL,                -- '' = none
    key TEXT NOT NULL,
    UNIQUE (kind, environment, layer, key)
  ) STRICT;

  CREATE TABLE changes (
    id INTEGER PRIMARY KEY,             -- gapless, in the order of the log
    key_id INTEGER NOT NULL REFERENCES keys (id),
    revision INTEGER NOT NULL,
    salt TEXT,                          -- NULL = erased, together with after
    after TEXT,                         -- JSON; NULL = deleted
    checksum INTEGER NOT NULL
  ) STRICT;

  -- The index that answers the present, the past and the history of a key. It is written for many changes at once:
  -- one by one, each commit would write as many pages of it as it has keys, several times what the commit itself needs.
  CREATE TABLE history (
    key_id INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    change_id INTEGER NOT NULL,
    PRIMARY KEY (key_id, revision)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE filed (change_id INTEGER NOT NULL) STRICT; -- one row: history holds the changes up to this one
  INSERT INTO filed VALUES (0);
`;

/** The part of the index that is not written yet, in memory; made anew from the changes at each opening. */
const recentTable = `
  CREATE TEMP TABLE recent (
    key_id INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    change_id INTEGER NOT NULL,
    PRIMARY KEY (key_id, revision)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO recent SELECT key_id, revision, id FROM changes WHERE id > (SELECT change_id FROM filed);
`;

/**
 * Opens the store's database, made and laid out when there is none, ready to write durably.
 * Throws `store_unavailable` with words when the file is something else, newer, or only a part of a store; it is unchanged then.
 */
export function openDatabase(settings: SqliteSettings): DatabaseSync {
  const { path } = settings;
  refuseOddFiles(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, {
      timeout: settings.busyTimeoutMs,
      enableForeignKeyConstraints: true,
      enableDoubleQuotedStringLiterals: false,
      allowExtension: false,
      defensive: true,
    });
    const isNew = identify(database, path);
    // Before the write-ahead log is made, which takes over the mode.
    if (isNew) chmodSync(path, 0o600);
    configure(database, settings);
    if (isNew) layOut(database);
    database.exec(recentTable);
    return database;
  } catch (cause) {
    database?.close();
    if (sqliteCodeOf(cause) === sqliteCodes.notADatabase) throw notADatabase(path, cause);
    if (cause instanceof StoreError || sqliteCodeOf(cause) === sqliteCodes.full) throw storeFault(cause, path);
    throw new StoreError("store_unavailable", `The store ${path} cannot be opened: ${(cause as Error).message}.`, { cause });
  }
}

/** SQLite takes a write-ahead log beside a missing or empty database for rubbish and deletes it; here it may hold the only copy. */
function refuseOddFiles(path: string): void {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    const stats = lstatSync(file, { throwIfNoEntry: false });
    if (stats && !stats.isFile()) throw refusal(`${file} is ${stats.isSymbolicLink() ? "a symbolic link" : "not a plain file"}`);
  }
  const walBytes = sizeOf(`${path}-wal`);
  if (sizeOf(path) === 0 && walBytes > 0) {
    throw refusal(`${path} is missing or empty, but ${path}-wal beside it holds ${walBytes} bytes of a store`);
  }
}

/** Whether the database is new; refuses what is not a store of this version. Reads only. */
function identify(database: DatabaseSync, path: string): boolean {
  const tableCount = readNumber(database, "SELECT count(*) AS value FROM sqlite_schema");
  const id = readNumber(database, "SELECT application_id AS value FROM pragma_application_id");
  const version = readNumber(database, "SELECT user_version AS value FROM pragma_user_version");
  if (tableCount === 0 && id === 0 && version === 0) return true;
  if (id !== applicationId) throw refusal(`${path} is a SQLite database of another application`);
  if (version === schemaVersion) {
    // Without a write-ahead log nothing else holds the rest of a page.
    if (sizeOf(path) % pageBytes === 0 || sizeOf(`${path}-wal`) > 0) return false;
    throw refusal(`${path} is damaged: its end is cut off, after ${sizeOf(path)} bytes, within a page; put it back from a backup`);
  }
  throw refusal(
    version > schemaVersion
      ? `${path} was written by a newer setpointd (store version ${version}, this one knows ${schemaVersion}); use that one or a newer one`
      : `${path} has store version ${version}, which no released setpointd wrote`,
  );
}

function configure(database: DatabaseSync, settings: SqliteSettings): void {
  const mode = database.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"];
  if (mode !== "wal") throw refusal(`${settings.path} lies on a file system without shared memory, which the write-ahead log needs`);
  database.exec(`
    PRAGMA synchronous = FULL;
    PRAGMA temp_store = MEMORY;
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA mmap_size = 0;
    PRAGMA cache_size = -4096;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = ${settings.walBytes};
    PRAGMA max_page_count = ${Math.ceil(settings.databaseBytesMax / pageBytes)};
  `);
}

function layOut(database: DatabaseSync): void {
  database.exec(`
    BEGIN IMMEDIATE;
    ${tables}
    PRAGMA application_id = ${applicationId};
    PRAGMA user_version = ${schemaVersion};
    COMMIT;
  `);
}

function notADatabase(path: string, cause: unknown): StoreError {
  const bytes = Buffer.alloc(16);
  const file = openSync(path, "r");
  const length = readSync(file, bytes, 0, bytes.length, 0);
  closeSync(file);
  const start = JSON.stringify(bytes.toString("latin1", 0, length));
  return refusal(`${path} is not a SQLite database: its ${sizeOf(path)} bytes start with ${start}`, cause);
}

function refusal(what: string, cause?: unknown): StoreError {
  return new StoreError("store_unavailable", `${what}; nothing was changed.`, { cause });
}

function readNumber(database: DatabaseSync, sql: string): number {
  return database.prepare(sql).get()?.["value"] as number;
}

function sizeOf(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
