import { type Change, type Json, namespaceOf, type Principal, RecordSet } from "@setpoint/core";
import { LRUCache } from "lru-cache";
import type { ChangeLog, EntryOutline } from "../ports/change-log.ts";
import { headerOf } from "./entry.ts";
import type { View } from "./view.ts";

export const readingLimits = {
  /** Whole states of the past that are kept for the next question about them. */
  pastStatesMax: 4,
  /** Headers kept for explanations and cursors. */
  headersMax: 10_000,
} as const;

/** Who set something, when, in which revision. */
export interface SetBy {
  readonly by: Principal;
  readonly at: string;
  readonly revision: number;
}

/** Questions about the past, answered from the log. */
export class Reading {
  readonly #log: ChangeLog;
  readonly #view: View;
  readonly #past = new LRUCache<number, RecordSet>({ max: readingLimits.pastStatesMax });
  readonly #setBy = new LRUCache<number, SetBy>({ max: readingLimits.headersMax });

  constructor(log: ChangeLog, view: View) {
    this.#log = log;
    this.#view = view;
  }

  /** All records as of a revision at or below the head. */
  async stateAt(revision: number): Promise<RecordSet> {
    if (revision === this.#view.head.revision) return new RecordSet(await this.#log.records({}, revision));
    const known = this.#past.get(revision);
    if (known) return known;
    const state = new RecordSet(revision === 0 ? [] : await this.#log.records({}, revision));
    this.#past.set(revision, state);
    return state;
  }

  async entry(revision: number): Promise<EntryOutline | undefined> {
    if (revision < 1 || revision > this.#view.head.revision) return undefined;
    const [entry] = await this.#log.outlines(revision - 1, 1);
    return entry;
  }

  /** Entries with a revision above `after`, ascending, at most `limit`. */
  entries(after: number, limit: number): Promise<readonly EntryOutline[]> {
    return this.#log.outlines(after, limit);
  }

  /** The changes of one revision with the values before them. */
  changes(revision: number): Promise<readonly Change[]> {
    return revision < 1 ? Promise.resolve([]) : this.#log.changes(revision);
  }

  /** The highest revision committed at or before a time (RFC 3339 UTC with milliseconds); 0 before the first. */
  revisionAt(at: string): Promise<number> {
    return this.#log.revisionAt(at);
  }

  /** The hash of the entry at a revision; all zeros for the empty log. */
  async hashAt(revision: number): Promise<string | undefined> {
    if (revision === 0) return "0".repeat(64);
    if (revision === this.#view.head.revision) return this.#view.head.hash;
    return (await this.entry(revision))?.hash;
  }

  async setBy(revision: number): Promise<SetBy | undefined> {
    const known = this.#setBy.get(revision);
    if (known) return known;
    const entry = await this.entry(revision);
    if (!entry) return undefined;
    const { by, at } = headerOf(entry);
    const found = { by: this.principal(by), at, revision };
    this.#setBy.set(revision, found);
    return found;
  }

  /** The principal of a header, with the name that its record gives. */
  principal({ kind, id }: { readonly kind: Principal["kind"]; readonly id: string }): Principal {
    const record = kind === "token" ? this.#view.records.record({ kind: "token", key: id }) : undefined;
    const name = nameOf(record?.value);
    return { kind, id, name: name ?? id };
  }
}

function nameOf(value: Json | undefined): string | undefined {
  const name = typeof value === "object" && value !== null && !Array.isArray(value) ? (value as { name?: Json }).name : undefined;
  return typeof name === "string" ? name : undefined;
}

/** The namespace filter of a projection as a test. */
export function inNamespaces(namespaces: readonly string[] | undefined): (key: string) => boolean {
  return namespaces ? (key) => namespaces.includes(namespaceOf(key)) : () => true;
}
