import { createHash } from "node:crypto";
import {
  canonicalJson,
  type Change,
  type ConfigurationKind,
  configurationKinds,
  type JsonObject,
  type Principal,
  type RecordId,
} from "@setpoint/core";
import type { EntryChange, NewEntry } from "../ports/change-log.ts";

/** What an entry's header says, besides one salted hash per change and for the content. */
export interface EntryHeader {
  readonly revision: number;
  /** RFC 3339 UTC with milliseconds. */
  readonly at: string;
  /** The principal's id, never a name or an address: headers cannot be erased. */
  readonly by: { readonly kind: Principal["kind"]; readonly id: string };
  readonly origin: string;
  readonly requestId?: string;
  /** Each change by its id and the salted hash of its content. */
  readonly changes: readonly (RecordId & { readonly hash: string })[];
  /** Changes of configuration kinds: what the history shows. */
  readonly changeCount: number;
}

/** What may be erased from an entry without breaking the chain. */
export interface EntryContent {
  readonly comment?: string;
  readonly metadata?: JsonObject;
  /** The answer for a repeated Idempotency-Key, without what the entry itself tells (revision, cursor). */
  readonly answer?: {
    readonly request: string;
    readonly status: number;
    /** JSON text: the members keep the order in which they were sent. */
    readonly body: string;
  };
}

/** Makes the entry of a planned commit: contents salted, header canonical. */
export function newEntry(
  header: Omit<EntryHeader, "changeCount" | "changes">,
  changes: readonly Change[],
  content: EntryContent,
  salt: () => string,
  idempotency?: { readonly principal: string; readonly key: string },
): NewEntry {
  const stored: EntryChange[] = changes.map(({ before: _, after, ...id }) => ({
    ...id,
    salt: salt(),
    ...(after !== undefined && { after }),
  }));
  const contentText = canonicalJson({ salt: salt(), ...content });
  return {
    revision: header.revision,
    at: header.at,
    header: canonicalJson({
      ...header,
      changeCount: stored.filter(({ kind }) => configurationKinds.includes(kind as ConfigurationKind)).length,
      content: sha256(contentText),
      changes: stored.map((change) => ({ ...idOf(change), hash: changeHash(change) })),
    }),
    content: contentText,
    changes: stored,
    ...(idempotency && { idempotency }),
  };
}

/** `sha256(salt + canonical change)`: says nothing about an erased value, and proves one that is kept. */
export function changeHash(change: EntryChange): string {
  return sha256(change.salt + canonicalJson({ ...idOf(change), ...(change.after !== undefined && { after: change.after }) }));
}

function idOf({ kind, environment, layer, key }: RecordId): JsonObject {
  return { kind, ...(environment !== undefined && { environment }), ...(layer !== undefined && { layer }), key };
}

export function headerOf(entry: { readonly header: string }): EntryHeader {
  return JSON.parse(entry.header) as EntryHeader;
}

/** The content, or nothing where it was erased. */
export function contentOf(entry: { readonly content: string }): EntryContent {
  return entry.content === "" ? {} : (JSON.parse(entry.content) as EntryContent);
}

/** `<revision>-<first 16 hex of the entry's hash>`. */
export function cursorOf(place: { readonly revision: number; readonly hash: string }): string {
  return `${place.revision}-${place.hash.slice(0, 16)}`;
}

/** The hash of each entry of a group that is chained onto a hash: `sha256(previous hash + header)`. */
export function chainHashes(previous: string, entries: readonly NewEntry[]): ReadonlyMap<number, string> {
  const hashes = new Map<number, string>();
  let hash = previous;
  for (const { revision, header } of entries) hashes.set(revision, (hash = sha256(hash + header)));
  return hashes;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
