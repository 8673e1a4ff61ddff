/** Where a test may break an append: the worker throws there, or dies. */
export type Failpoints = Partial<Record<"beforeBegin" | "beforeCommit" | "afterCommit", "throw" | "exit">>;

/** What the store's worker is started with. */
export interface SqliteSettings {
  readonly path: string;
  /** How long a statement waits for a lock of another process. */
  readonly busyTimeoutMs: number;
  /** Beyond this the store answers `store_full`. */
  readonly databaseBytesMax: number;
  /** Size that the write-ahead log is given at once and keeps: appending to a growing file costs a third of the sync rate. */
  readonly walBytes: number;
  /** Quiet time after the last append before the store writes what it left for later. */
  readonly idleTidyMs: number;
  /** Changes that wait for their index to be written; the more there are, the fewer pages it costs, and the longer an opening takes. */
  readonly recentChangesMax: number;
  /** Records that one message of the thread brings; between two messages other calls get their turn. */
  readonly recordsPageMax: number;
  /** For tests only; each fires once. */
  readonly failpoints?: Failpoints;
}

export const sqliteDefaults = {
  busyTimeoutMs: 5_000,
  databaseBytesMax: 256 * 2 ** 30,
  walBytes: 8 * 2 ** 20,
  idleTidyMs: 1_000,
  recentChangesMax: 8_000,
  recordsPageMax: 5_000,
} as const satisfies Omit<SqliteSettings, "path">;
