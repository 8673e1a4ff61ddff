import {
  type BatchChange,
  type BatchLimits,
  type Change,
  invariant,
  type JsonObject,
  type Plan,
  planBatch,
  type Principal,
  type RecordReader,
  RecordOverlay,
  type Refusal,
  SetpointError,
  type StoredRecord,
} from "@setpoint/core";
import type { Chance } from "../ports/chance.ts";
import type { ChangeLog, Head, NewEntry } from "../ports/change-log.ts";
import type { Clock } from "../ports/clock.ts";
import { chainHashes, contentOf, cursorOf, newEntry } from "./entry.ts";
import type { View } from "./view.ts";

export const commitLimits = {
  /** Batches that may wait for the store; one more is refused as `store_unavailable`. */
  waitingMax: 10_000,
  /** Batches in one group. */
  groupMax: 1_000,
} as const;

/** The wishes of a batch, made from the state it will be planned against; or why there are none. */
export type BatchMaker = (
  reader: RecordReader,
) => { readonly ok: true; readonly changes: readonly BatchChange[] } | { readonly ok: false; readonly refusal: Refusal };

export interface CommitRequest {
  readonly principal: Principal;
  /** Where it came from: api, cli, project, … */
  readonly origin: string;
  readonly requestId?: string;
  readonly comment?: string;
  readonly metadata?: JsonObject;
  readonly limits: BatchLimits;
  readonly batch: BatchMaker;
  /** Records of control kinds that belong to the same commit; only the daemon itself gives any. */
  readonly control?: readonly Change[];
  /** A condition on the state planned against. */
  readonly precondition?: (reader: RecordReader) => Refusal | undefined;
  /** Builds the body of the answer from the state right after the batch; revision and cursor are added to it. */
  readonly answer: (after: RecordReader, plan: Plan, revision: number) => JsonObject;
  readonly idempotency?: { readonly key: string; readonly request: string };
}

export type CommitOutcome =
  | { readonly ok: true; readonly status: number; readonly body: JsonObject; readonly replayed: boolean }
  | { readonly ok: false; readonly refusal: Refusal };

/** A preview: the same planning against the durable view, without effect. */
export type PreviewOutcome =
  | { readonly ok: true; readonly plan: Plan; readonly basedOn: string }
  | { readonly ok: false; readonly refusal: Refusal };

interface Accepted {
  readonly entry: NewEntry;
  readonly at: string;
  readonly plan: Plan;
  readonly records: readonly StoredRecord[];
  readonly body: JsonObject;
}

interface Item {
  readonly request: CommitRequest;
  readonly settle: (outcome: CommitOutcome) => void;
  readonly fail: (fault: unknown) => void;
  planned: { readonly accepted: Accepted } | { readonly refusal: Refusal };
}

/**
 * The only owner of writing: plan → gates → append (durable) → apply to the view → announce → answer.
 * Batches that arrive while a group is being made durable form the next group; each is planned against the view and the
 * batches before it. No answer that rests on a batch leaves before that batch is durable.
 */
export class Committer {
  readonly #log: ChangeLog;
  readonly #view: View;
  readonly #clock: Clock;
  readonly #chance: Chance;
  #waiting: Item[] = [];
  #group: Item[] | undefined;
  /** Settles when the newest group has. */
  #groupEnd: Promise<void> = Promise.resolve();
  /** The view plus every batch planned and not durable yet. */
  #tip: RecordOverlay;
  #tipRevision: number;
  #lastAt: number;
  readonly #running = new Set<string>();
  readonly #idleListeners: (() => void)[] = [];

  /** @param parts.lastAt epoch milliseconds of the newest entry, 0 without one */
  constructor(parts: { log: ChangeLog; view: View; clock: Clock; chance: Chance; lastAt: number }) {
    this.#log = parts.log;
    this.#view = parts.view;
    this.#clock = parts.clock;
    this.#chance = parts.chance;
    this.#lastAt = parts.lastAt;
    this.#tip = new RecordOverlay(parts.view.records);
    this.#tipRevision = parts.view.head.revision;
  }

  /** Commits a batch, or says why not. Rejects with SetpointError store_full, store_unavailable or outcome_unknown. */
  async commit(request: CommitRequest): Promise<CommitOutcome> {
    const { idempotency, principal } = request;
    if (!idempotency) return this.#enqueue(request);
    const running = `${principal.id}\0${idempotency.key}`;
    if (this.#running.has(running)) {
      return {
        ok: false,
        refusal: { code: "conflicting_change", detail: "The first request with this Idempotency-Key is still under way." },
      };
    }
    this.#running.add(running);
    try {
      return (await this.#replay(request)) ?? (await this.#enqueue(request));
    } finally {
      this.#running.delete(running);
    }
  }

  /** Plans against the durable view only. */
  preview(batch: BatchMaker, limits: BatchLimits): PreviewOutcome {
    const made = batch(this.#view.records);
    if (!made.ok) return made;
    const outcome = planBatch(this.#view.records, made.changes, this.#view.head.revision + 1, limits);
    return outcome.ok ? { ok: true, plan: outcome.plan, basedOn: this.#view.cursor } : outcome;
  }

  /** Resolves when nothing waits and nothing is under way. */
  async idle(): Promise<void> {
    while (this.#group || this.#waiting.length > 0) {
      await new Promise<void>((resolve) => void this.#idleListeners.push(resolve));
    }
  }

  async #replay({ principal, idempotency }: CommitRequest): Promise<CommitOutcome | undefined> {
    if (!idempotency) return undefined;
    const entry = await this.#log.byIdempotencyKey(principal.id, idempotency.key);
    if (!entry) return undefined;
    const { answer } = contentOf(entry);
    // Without its content the answer is gone; the key stays taken, because the log keeps it unique for ever.
    if (answer?.request !== idempotency.request) {
      return { ok: false, refusal: { code: "idempotency_mismatch", detail: "This Idempotency-Key was used for a different request." } };
    }
    // What is answered as accepted must be readable: the first request may have ended with its outcome unknown.
    await this.#catchUp(entry.revision);
    return { ok: true, status: answer.status, body: completed(JSON.parse(answer.body) as JsonObject, entry), replayed: true };
  }

  /** Brings the view to a durable revision, between two groups. */
  async #catchUp(revision: number): Promise<void> {
    while (this.#group && this.#view.head.revision < revision) await this.#groupEnd;
    if (this.#view.head.revision >= revision) return;
    const follow = async (): Promise<void> => {
      if (await this.#follow()) this.#planAgain([]);
    };
    await this.#hold([], follow());
  }

  #enqueue(request: CommitRequest): Promise<CommitOutcome> {
    if (this.#waiting.length >= commitLimits.waitingMax) {
      return Promise.reject(new SetpointError("store_unavailable", `${commitLimits.waitingMax} batches wait for the store already.`));
    }
    return new Promise((settle, fail) => {
      const item: Item = { request, settle, fail, planned: { refusal: unplanned } };
      if (!this.#plan(item)) return;
      this.#waiting.push(item);
      this.#next();
    });
  }

  /** @returns false when planning itself failed: the request has its answer and is out */
  #plan(item: Item): boolean {
    try {
      item.planned = this.#planned(item.request);
      return true;
    } catch (fault) {
      // A bug in planning must cost this request only, never the batches around it.
      item.fail(fault);
      return false;
    }
  }

  #planned(request: CommitRequest): Item["planned"] {
    const made = request.batch(this.#tip);
    if (!made.ok) return { refusal: made.refusal };
    const revision = this.#tipRevision + 1;
    const outcome = planBatch(this.#tip, made.changes, revision, request.limits);
    if (!outcome.ok) return { refusal: outcome.refusal };
    const { plan } = outcome;
    const refusal = plan.refusal?.code === "approval_required" ? plan.refusal : (request.precondition?.(this.#tip) ?? plan.refusal);
    if (refusal) return { refusal };

    const changes = [...plan.changes, ...(request.control ?? [])];
    const records = changes.map(({ before: _, after, ...id }) => ({ ...id, ...(after !== undefined && { value: after }), revision }));
    // The tip is touched last: what fails below leaves no trace in it.
    const after = new RecordOverlay(this.#tip);
    for (const record of records) after.apply(record);
    // Times never run backwards within the log, whatever the clock does.
    this.#lastAt = Math.max(this.#lastAt, this.#clock.now());
    const at = new Date(this.#lastAt).toISOString();
    const body = request.answer(after, plan, revision);
    const entry = newEntry(
      {
        revision,
        at,
        by: { kind: request.principal.kind, id: request.principal.id },
        origin: request.origin,
        ...(request.requestId !== undefined && { requestId: request.requestId }),
      },
      changes,
      {
        ...(request.comment !== undefined && { comment: request.comment }),
        ...(request.metadata !== undefined && { metadata: request.metadata }),
        ...(request.idempotency && { answer: { request: request.idempotency.request, status: 200, body: JSON.stringify(body) } }),
      },
      () => this.#chance.hex(16),
      request.idempotency && { principal: request.principal.id, key: request.idempotency.key },
    );
    for (const record of records) this.#tip.apply(record);
    this.#tipRevision = revision;
    return { accepted: { entry, at, plan: { ...plan, changes }, records, body } };
  }

  #next(): void {
    if (this.#group) return;
    if (this.#waiting.length === 0) {
      for (const listener of this.#idleListeners.splice(0)) listener();
      return;
    }
    const group = this.#waiting.splice(0, commitLimits.groupMax);
    void this.#hold(group, this.#run(group));
  }

  /** Lets no other group begin before the work is done. */
  #hold(group: Item[], work: Promise<void>): Promise<void> {
    this.#group = group;
    this.#groupEnd = work.finally(() => {
      this.#group = undefined;
      this.#next();
    });
    return this.#groupEnd;
  }

  async #run(group: readonly Item[]): Promise<void> {
    const entries = group.flatMap((item) => ("accepted" in item.planned ? [item.planned.accepted.entry] : []));
    if (entries.length === 0) {
      for (const item of group) if ("refusal" in item.planned) item.settle({ ok: false, refusal: item.planned.refusal });
      return;
    }
    const expected = this.#view.head;
    const hashes = chainHashes(expected.hash, entries);
    try {
      const outcome = await this.#log.append(expected, entries);
      if (outcome.state === "conflict") {
        if (!(await this.#follow())) throw new SetpointError("store_unavailable", "The store's history is not the one that was read.");
        this.#planAgain(group);
        return;
      }
      invariant(hashes.get(outcome.head.revision) === outcome.head.hash, "the log chains as the engine does");
    } catch (fault) {
      this.#undo(group, fault);
      return;
    }
    this.#settle(group, hashes);
  }

  /**
   * Takes in what the log holds beyond the view: another writer's commits, or an own group whose outcome was unknown and
   * that turned out to be durable.
   * @returns whether there was anything
   */
  async #follow(): Promise<boolean> {
    const before = this.#view.head.revision;
    for (;;) {
      const entries = await this.#log.read(this.#view.head.revision, commitLimits.groupMax);
      if (entries.length === 0) return this.#view.head.revision > before;
      for (const { revision, hash, at, changes } of entries) {
        const records = changes.map(({ salt: _, after, ...id }) => ({ ...id, ...(after !== undefined && { value: after }), revision }));
        const told = changes.map(({ salt: _, ...change }) => {
          const before = this.#view.records.record(change)?.value;
          return { ...change, ...(before !== undefined && { before }) };
        });
        this.#view.apply({ head: { revision, hash }, at, records, plan: { effective: [], structural: true, changes: told } });
        this.#lastAt = Math.max(this.#lastAt, Date.parse(at));
      }
    }
  }

  /** The group is durable. A fault from here on ends the process on purpose: the log is right, and a start reads it. */
  #settle(group: readonly Item[], hashes: ReadonlyMap<number, string>): void {
    for (const { planned } of group) {
      if ("refusal" in planned) continue;
      const { entry, at, records, plan } = planned.accepted;
      this.#view.apply({ head: { revision: entry.revision, hash: hashes.get(entry.revision) as string }, at, records, plan });
    }
    this.#rebase();
    for (const { planned, settle } of group) {
      if ("refusal" in planned) settle({ ok: false, refusal: planned.refusal });
      else {
        const { entry, body } = planned.accepted;
        const place = { revision: entry.revision, hash: hashes.get(entry.revision) as string };
        settle({ ok: true, status: 200, body: completed(body, place), replayed: false });
      }
    }
  }

  /** The tip again as the view plus what waits: what is durable now need not be remembered twice. */
  #rebase(): void {
    this.#tip = new RecordOverlay(this.#view.records);
    for (const { planned } of this.#waiting) {
      if ("accepted" in planned) for (const record of planned.accepted.records) this.#tip.apply(record);
    }
  }

  /** The group is not durable: its batches fail, and what was planned after them is planned again from the durable view. */
  #undo(group: readonly Item[], fault: unknown): void {
    const refused: Item[] = [];
    for (const item of group) {
      if ("accepted" in item.planned) item.fail(fault);
      else refused.push(item);
    }
    this.#planAgain(refused);
  }

  /** Puts these before what waits and plans everything anew from the durable view. */
  #planAgain(items: readonly Item[]): void {
    this.#tip = new RecordOverlay(this.#view.records);
    this.#tipRevision = this.#view.head.revision;
    this.#waiting = [...items, ...this.#waiting].filter((item) => this.#plan(item));
  }
}

const unplanned: Refusal = { code: "internal", detail: "Not planned." };

/** The body of an answer with what only the durable entry tells. */
function completed(body: JsonObject, place: Head): JsonObject {
  return { revision: place.revision, cursor: cursorOf(place), ...body };
}
