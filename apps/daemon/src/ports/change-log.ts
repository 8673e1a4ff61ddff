import type { Change, Json, RecordId, RecordKind, StoredRecord } from "@setpoint/core";

/** A place in one history: the revision and the hash of its entry. The empty log stands at revision 0. */
export interface Head {
  readonly revision: number;
  /** 64 lower-case hex; all zeros before the first commit. */
  readonly hash: string;
}

/** A change as it is stored: the salted hash of its content stands in the header, the content beside it. */
export interface EntryChange extends RecordId {
  /** 32 hex, random; makes the content's hash say nothing about the content once that is erased. */
  readonly salt: string;
  /** Absent = deleted. */
  readonly after?: Json;
}

/** A batch on its way into the log. Its header is canonical JSON that names each change by its salted hash. */
export interface NewEntry {
  readonly revision: number;
  /** RFC 3339 UTC with milliseconds; what `revisionAt` looks up. May be earlier than an older entry's: clocks go back. */
  readonly at: string;
  readonly header: string;
  /** Canonical JSON that may be erased without breaking the chain (comment, metadata, the answer kept for replays); its salted hash is in the header. Read back as "" once erased. */
  readonly content: string;
  /** No record stands twice. */
  readonly changes: readonly EntryChange[];
  /** Unique among entries when present: a second entry with it is refused with `conflicting_change`, and nothing is written. */
  readonly idempotency?: { readonly principal: string; readonly key: string };
}

/** A batch as read back. */
export interface Entry extends NewEntry {
  readonly hash: string;
}

/** A batch without what it changed: what it costs to read does not grow with the values. */
export interface EntryOutline extends Omit<Entry, "changes" | "idempotency"> {
  /** As the entry's, without its member `answer`. */
  readonly content: string;
}

export type AppendOutcome =
  | { readonly state: "committed"; readonly head: Head }
  /** Somebody else has written since; only a log shared by several daemons answers so. */
  | { readonly state: "conflict"; readonly head: Head };

/** Which records to read; absent members match all. */
export interface RecordFilter {
  readonly kind?: RecordKind;
  readonly environment?: string;
  /** Keys equal to it or below it (`<prefix>.`). */
  readonly keyPrefix?: string;
}

/**
 * The change log: every mutation of every kind, appended and never rewritten. A record at revision r is its last
 * change ≤ r, deleted records included (without a value). Reads see durable entries only; a revision above the head reads as the head.
 * Every method may reject with SetpointError `store_full`, `store_unavailable` or (append only) `outcome_unknown`.
 */
export interface ChangeLog {
  head(): Promise<Head>;
  /**
   * Makes the entries durable together or not at all, chained onto `expected`: resolves only after the fsync.
   * The log computes each entry's hash as sha256(previous hash + header).
   */
  append(expected: Head, entries: readonly NewEntry[]): Promise<AppendOutcome>;
  /** Entries with a revision above `after`, ascending, at most `limit`. */
  read(after: number, limit: number): Promise<readonly Entry[]>;
  /** As `read`, without the changes. */
  outlines(after: number, limit: number): Promise<readonly EntryOutline[]>;
  /** The highest revision whose entry was committed at or before `at` (RFC 3339 UTC); 0 before the first. */
  revisionAt(at: string): Promise<number>;
  record(id: RecordId, revision?: number): Promise<StoredRecord | undefined>;
  /** All records of the filter as of `revision` (the head when absent), ordered by kind, environment, layer and key, each by code points. */
  records(filter: RecordFilter, revision?: number): Promise<readonly StoredRecord[]>;
  /** The changes of one entry with the values before them, in the order they were given; none for a revision that is not there. */
  changes(revision: number): Promise<readonly Change[]>;
  /** The entry that a principal made with this Idempotency-Key. */
  byIdempotencyKey(principal: string, key: string): Promise<Entry | undefined>;
  /** Calls the listener after each group is durable; returns what stops it. */
  follow(listener: (head: Head) => void): () => void;
  close(): Promise<void>;
}
