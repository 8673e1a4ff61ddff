import { chmodSync, closeSync, lstatSync, openSync, readSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { SetpointError } from "@setpoint/core";
import { sqliteCodeOf, sqliteCodes, storeFault } from "./sqlite-fault.ts";
import type { SqliteSettings } from "./sqlite-settings.ts";

/** "Setp": marks the file as Setpoint's own, for SQLite and for `file`. */
const applicationId = 0x53657470;
/** Counts up with each change of the tables. */
const schemaVersion = 1;
const pageBytes = 4096;

const tables = `
  CREATE TABLE entries (
    revision INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,                -- milliseconds since 1970
    late INTEGER NOT NULL,              -- 1 = the clock stood before that of an older entry
    header TEXT NOT NULL,
    hash TEXT NOT NULL,
    content TEXT,                       -- NULL = erased
    principal TEXT,
    idempotency_key TEXT
  ) STRICT;
  -- Without the late ones, times ascend with revisions: one look-up finds a time. The late ones are few.
  CREATE INDEX entries_in_time ON entries (at) WHERE late = 0;
  CREATE INDEX entries_late ON entries (at) WHERE late = 1;
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
    key_id INTEGER NOT NULL REFERENCES keys (id),
    revision INTEGER NOT NULL REFERENCES entries (revision),
    position INTEGER NOT NULL,          -- place within the entry
    salt TEXT,                          -- NULL = erased, together with after
    after TEXT,                         -- JSON; NULL = deleted
    checksum INTEGER NOT NULL,
    PRIMARY KEY (key_id, revision)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX changes_in_order ON changes (revision, position);
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
    return database;
  } catch (cause) {
    database?.close();
    if (sqliteCodeOf(cause) === sqliteCodes.notADatabase) throw notADatabase(path, cause);
    if (cause instanceof SetpointError || sqliteCodeOf(cause) === sqliteCodes.full) throw storeFault(cause, path);
    throw new SetpointError("store_unavailable", `The store ${path} cannot be opened: ${(cause as Error).message}.`, { cause });
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
  if (version === schemaVersion) return false;
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

function notADatabase(path: string, cause: unknown): SetpointError {
  const bytes = Buffer.alloc(16);
  const file = openSync(path, "r");
  const length = readSync(file, bytes, 0, bytes.length, 0);
  closeSync(file);
  const start = JSON.stringify(bytes.toString("latin1", 0, length));
  return refusal(`${path} is not a SQLite database: its ${sizeOf(path)} bytes start with ${start}`, cause);
}

function refusal(what: string, cause?: unknown): SetpointError {
  return new SetpointError("store_unavailable", `${what}; nothing was changed.`, { cause });
}

function readNumber(database: DatabaseSync, sql: string): number {
  return database.prepare(sql).get()?.["value"] as number;
}

function sizeOf(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
