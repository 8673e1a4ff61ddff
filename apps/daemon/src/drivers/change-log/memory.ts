import { deepFreeze, recordIdText, SetpointError } from "@setpoint/core";
import type { Change, Json, JsonObject, RecordId, StoredRecord } from "@setpoint/core";
import type { AppendOutcome, ChangeLog, Entry, EntryOutline, Head, NewEntry, RecordFilter } from "../../ports/change-log.ts";
import { assertGroup } from "./assert-group.ts";
import { chainHash, emptyHead, isSameHead } from "./chain.ts";
import { createFollowList } from "./follow-list.ts";

interface RecordHistory {
  readonly id: RecordId;
  /** Ascending by revision. */
  readonly states: { readonly revision: number; readonly value?: Json }[];
}

/** A change log that lives as long as the process: for tests, and for trying things out. "Durable" means here: kept in this object. */
export function createMemoryChangeLog(): ChangeLog {
  const entries: Entry[] = [];
  const histories = new Map<string, RecordHistory>();
  const idempotent = new Map<string, Entry>();
  const followers = createFollowList();
  let isClosed = false;

  const head = (): Head => {
    const last = entries.at(-1);
    return last ? { revision: last.revision, hash: last.hash } : emptyHead;
  };

  function store(entry: NewEntry): void {
    const kept = deepFreeze({ ...structuredClone(entry), hash: chainHash(head().hash, entry.header) });
    entries.push(kept);
    if (kept.idempotency) idempotent.set(idempotencyText(kept.idempotency), kept);
    for (const { salt: _, after, ...id } of kept.changes) {
      const text = recordIdText(id);
      const history = histories.get(text) ?? { id, states: [] };
      histories.set(text, history);
      history.states.push({ revision: kept.revision, ...(after !== undefined && { value: after }) });
    }
  }

  function append(expected: Head, group: readonly NewEntry[]): AppendOutcome {
    assertGroup(expected, group);
    if (!isSameHead(expected, head())) return { state: "conflict", head: head() };
    refuseKnownKeys(idempotent, group);
    for (const entry of group) store(entry);
    return { state: "committed", head: head() };
  }

  function changes(revision: number): readonly Change[] {
    return (entries[revision - 1]?.changes ?? []).map(({ salt: _, after, ...id }) => {
      const before = recordAt(histories.get(recordIdText(id)), revision - 1)?.value;
      return { ...id, ...(before !== undefined && { before }), ...(after !== undefined && { after }) };
    });
  }

  function records(filter: RecordFilter, revision = Infinity): readonly StoredRecord[] {
    return [...histories.values()]
      .filter(({ id }) => matchesFilter(id, filter))
      .toSorted((a, b) => Buffer.compare(Buffer.from(recordIdText(a.id)), Buffer.from(recordIdText(b.id))))
      .map((history) => recordAt(history, revision))
      .filter((record) => record !== undefined);
  }

  const open = <T>(read: () => T): Promise<T> =>
    isClosed ? Promise.reject(new SetpointError("store_unavailable", "The change log is closed.")) : new Promise((done) => done(read()));

  return {
    head: () => open(head),
    async append(expected, group) {
      const outcome = await open(() => append(expected, group));
      if (outcome.state === "committed" && group.length > 0) followers.announce(outcome.head);
      return outcome;
    },
    read: (after, limit) => open(() => entries.slice(Math.max(0, after), Math.max(0, after) + limit)),
    outlines: (after, limit) => open(() => entries.slice(Math.max(0, after), Math.max(0, after) + limit).map(outlineOf)),
    revisionAt: (at) => open(() => entries.findLast((entry) => Date.parse(entry.at) <= Date.parse(at))?.revision ?? 0),
    record: (id, revision = Infinity) => open(() => recordAt(histories.get(recordIdText(id)), revision)),
    records: (filter, revision) => open(() => records(filter, revision)),
    changes: (revision) => open(() => changes(revision)),
    byIdempotencyKey: (principal, key) => open(() => idempotent.get(idempotencyText({ principal, key }))),
    follow: followers.follow,
    close() {
      isClosed = true;
      return Promise.resolve();
    },
  };
}

function outlineOf({ changes: _, idempotency: __, content, ...rest }: Entry): EntryOutline {
  const { answer: ___, ...kept } = JSON.parse(content) as JsonObject;
  return { ...rest, content: JSON.stringify(kept) };
}

function recordAt(history: RecordHistory | undefined, revision: number): StoredRecord | undefined {
  const state = history?.states.findLast((candidate) => candidate.revision <= revision);
  return history && state && { ...history.id, ...state };
}

function matchesFilter(id: RecordId, { kind, environment, keyPrefix }: RecordFilter): boolean {
  return (
    (kind === undefined || id.kind === kind) &&
    (environment === undefined || id.environment === environment) &&
    (keyPrefix === undefined || id.key === keyPrefix || id.key.startsWith(`${keyPrefix}.`))
  );
}

function refuseKnownKeys(known: ReadonlyMap<string, Entry>, group: readonly NewEntry[]): void {
  const texts = group.flatMap(({ idempotency }) => (idempotency ? [idempotencyText(idempotency)] : []));
  if (new Set(texts).size === texts.length && !texts.some((text) => known.has(text))) return;
  throw new SetpointError("conflicting_change", "An entry with this Idempotency-Key is already in the log; nothing was written.");
}

function idempotencyText({ principal, key }: { principal: string; key: string }): string {
  return `${principal}\0${key}`;
}
