import { createHash } from "node:crypto";
import type { Change, Json, RecordId, RecordKind, StoredRecord } from "@setpoint/core";
import { afterEach, describe, expect, it } from "vitest";

/** What the contract asks of a change log; the daemon's port has this shape. */
export interface ContractedChangeLog {
  head(): Promise<ContractedHead>;
  append(expected: ContractedHead, entries: readonly ContractedEntry[]): Promise<{ state: "committed" | "conflict"; head: ContractedHead }>;
  read(after: number, limit: number): Promise<readonly (ContractedEntry & { hash: string })[]>;
  outlines(after: number, limit: number): Promise<readonly (Omit<ContractedEntry, "changes" | "idempotency"> & { hash: string })[]>;
  revisionAt(at: string): Promise<number>;
  record(id: RecordId, revision?: number): Promise<StoredRecord | undefined>;
  records(filter: { kind?: RecordKind; environment?: string; keyPrefix?: string }, revision?: number): Promise<readonly StoredRecord[]>;
  changes(revision: number): Promise<readonly Change[]>;
  byIdempotencyKey(principal: string, key: string): Promise<(ContractedEntry & { hash: string }) | undefined>;
  follow(listener: (head: ContractedHead) => void): () => void;
  close(): Promise<void>;
}

export interface ContractedHead {
  readonly revision: number;
  readonly hash: string;
}

export interface ContractedEntry {
  readonly revision: number;
  readonly at: string;
  readonly header: string;
  readonly content: string;
  readonly changes: readonly (RecordId & { readonly salt: string; readonly after?: Json })[];
  readonly idempotency?: { readonly principal: string; readonly key: string };
}

/** A change of a value that the `base` environment stores; without `after` a deletion. */
export function storedChange(key: string, after?: Json): ContractedEntry["changes"][number] {
  return { kind: "value", environment: "base", layer: "stored", key, salt: "5a".repeat(16), ...(after !== undefined && { after }) };
}

/** An entry of some revision, made a second after the one before it. */
export function contractEntry(revision: number, changes: ContractedEntry["changes"], more: Partial<ContractedEntry> = {}): ContractedEntry {
  const at = new Date(Date.UTC(2026, 0, 1) + revision * 1_000).toISOString();
  return { revision, at, header: `{"revision":${revision}}`, content: `{"comment":"entry ${revision}"}`, changes, ...more };
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** The suite that every driver of the change log passes. `make` gives an empty log; the suite closes it. */
export function changeLogContract(driver: string, make: () => Promise<ContractedChangeLog>): void {
  describe(`change log: ${driver}`, () => {
    const made: ContractedChangeLog[] = [];
    const makeLog = async () => {
      const log = await make();
      made.push(log);
      return log;
    };
    afterEach(async () => {
      await Promise.all(made.splice(0).map((log) => log.close()));
    });

    /** Appends entries one by one, each with the given changes. */
    async function fill(log: ContractedChangeLog, ...batches: ContractedEntry["changes"][]): Promise<ContractedHead> {
      for (const changes of batches) {
        const head = await log.head();
        await log.append(head, [contractEntry(head.revision + 1, changes)]);
      }
      return log.head();
    }

    it("is empty at first", async () => {
      const log = await makeLog();
      expect(await log.head()).toEqual({ revision: 0, hash: "0".repeat(64) });
      expect(await log.read(0, 10)).toEqual([]);
      expect(await log.records({})).toEqual([]);
      expect(await log.record(storedChange("a.b"))).toBeUndefined();
      expect(await log.changes(1)).toEqual([]);
      expect(await log.changes(0)).toEqual([]);
      expect(await log.revisionAt("2100-01-01T00:00:00.000Z")).toBe(0);
    });

    it("gives back what was appended, and where it now stands", async () => {
      const log = await makeLog();
      const entries = [
        contractEntry(1, [storedChange("a.z", { nested: ["é", 1.5, null] }), storedChange("a.b", false)], {
          idempotency: { principal: "token-1", key: "first" },
        }),
        contractEntry(2, [storedChange("a.b")]),
        contractEntry(3, []),
      ];
      const outcome = await log.append(await log.head(), entries);
      const read = await log.read(0, 10);
      expect(read.map(({ hash: _, ...entry }) => entry)).toEqual(entries);
      expect(outcome).toEqual({ state: "committed", head: { revision: 3, hash: read[2]?.hash } });
      expect(await log.head()).toEqual(outcome.head);
    });

    it("chains every entry onto the one before it", async () => {
      const log = await makeLog();
      await fill(log, [storedChange("a.b", 1)], [storedChange("a.b", 2)], [storedChange("a.c", 3)]);
      let previous = "0".repeat(64);
      for (const entry of await log.read(0, 10)) {
        previous = sha256(previous + entry.header);
        expect(entry.hash).toBe(previous);
      }
      expect((await log.head()).hash).toBe(previous);
    });

    it("reads pages of entries", async () => {
      const log = await makeLog();
      await fill(log, ...Array.from({ length: 5 }, (_, index) => [storedChange("a.b", index)]));
      expect((await log.read(1, 2)).map((entry) => entry.revision)).toEqual([2, 3]);
      expect((await log.read(4, 10)).map((entry) => entry.revision)).toEqual([5]);
      expect(await log.read(5, 10)).toEqual([]);
      expect(await log.read(0, 0)).toEqual([]);
    });

    it("outlines entries without their changes and without the answers kept for replays", async () => {
      const log = await makeLog();
      const answer = { request: "r", status: 200, body: "long" };
      const content = JSON.stringify({ answer, comment: "told", metadata: { a: [1] } });
      const idempotency = { principal: "token-1", key: "first" };
      await log.append(await log.head(), [
        contractEntry(1, [storedChange("a.b", 1)], { content, idempotency }),
        contractEntry(2, [storedChange("a.b", 2)]),
        contractEntry(3, []),
      ]);
      const read = await log.read(0, 10);
      const outlines = await log.outlines(0, 10);
      expect(outlines).toEqual(
        read.map(({ revision, at, header, hash }) => ({
          revision,
          at,
          header,
          hash,
          content: expect.not.stringContaining("answer") as unknown,
        })),
      );
      expect(outlines.map((outline) => JSON.parse(outline.content) as unknown)).toEqual([
        { comment: "told", metadata: { a: [1] } },
        { comment: "entry 2" },
        { comment: "entry 3" },
      ]);
      expect((await log.outlines(1, 1)).map(({ revision }) => revision)).toEqual([2]);
      expect(await log.outlines(3, 10)).toEqual([]);
      expect(await log.outlines(0, 0)).toEqual([]);
    });

    it("refuses a group that expects another head, and writes nothing of it", async () => {
      const log = await makeLog();
      const head = await fill(log, [storedChange("a.b", 1)]);
      for (const expected of [
        { revision: 0, hash: "0".repeat(64) },
        { revision: 1, hash: "f".repeat(64) },
        { revision: 7, hash: head.hash },
      ]) {
        const outcome = await log.append(expected, [contractEntry(expected.revision + 1, [storedChange("a.b", 2)])]);
        expect(outcome).toEqual({ state: "conflict", head });
      }
      expect(await log.head()).toEqual(head);
      expect(await log.records({})).toMatchObject([{ key: "a.b", value: 1, revision: 1 }]);
    });

    it("lets one of several appends win that expect the same head", async () => {
      const log = await makeLog();
      const head = await log.head();
      const outcomes = await Promise.all([1, 2, 3].map((value) => log.append(head, [contractEntry(1, [storedChange("a.b", value)])])));
      expect(outcomes.map((outcome) => outcome.state)).toEqual(["committed", "conflict", "conflict"]);
      expect(await log.record(storedChange("a.b"))).toMatchObject({ value: 1, revision: 1 });
    });

    it("answers an append without entries with its head", async () => {
      const log = await makeLog();
      const head = await fill(log, [storedChange("a.b", 1)]);
      expect(await log.append(head, [])).toEqual({ state: "committed", head });
    });

    it("knows a record at every revision, deletions included", async () => {
      const log = await makeLog();
      await fill(log, [storedChange("a.b", 1)], [storedChange("a.c", null)], [storedChange("a.b")], [storedChange("a.b", 4)]);
      const id: RecordId = { kind: "value", environment: "base", layer: "stored", key: "a.b" };
      expect(await log.record(id, 0)).toBeUndefined();
      expect(await log.record(id, 1)).toEqual({ ...id, value: 1, revision: 1 });
      expect(await log.record(id, 2)).toEqual({ ...id, value: 1, revision: 1 });
      expect(await log.record(id, 3)).toEqual({ ...id, revision: 3 });
      expect(await log.record(id, 4)).toEqual({ ...id, value: 4, revision: 4 });
      expect(await log.record(id, 99)).toEqual({ ...id, value: 4, revision: 4 });
      expect(await log.record(id)).toEqual({ ...id, value: 4, revision: 4 });
      expect(await log.record({ ...id, key: "a.c" })).toEqual({ ...id, key: "a.c", value: null, revision: 2 });
    });

    it("holds records apart by kind, environment and layer", async () => {
      const log = await makeLog();
      const ids: RecordId[] = [
        { kind: "flag", environment: "base", key: "a.b" },
        { kind: "schema", key: "a.b" },
        { kind: "value", layer: "files", key: "a.b" },
        { kind: "value", environment: "base", layer: "files", key: "a.b" },
        { kind: "value", environment: "base", layer: "stored", key: "a.b" },
        { kind: "value", environment: "child", layer: "stored", key: "a.b" },
      ];
      await fill(
        log,
        ids.toReversed().map((id, after) => ({ ...id, salt: "00", after })),
      );
      expect(await log.records({})).toEqual(ids.map((id, index) => ({ ...id, value: ids.length - 1 - index, revision: 1 })));
      for (const [index, id] of ids.entries()) expect(await log.record(id)).toMatchObject({ value: ids.length - 1 - index });
    });

    it("restricts records to kind, environment and key prefix", async () => {
      const log = await makeLog();
      const keys = ["a", "a-b", "a.b", "a.b.c", "a.b-c", "a.bc", "a0", "b.a"];
      await fill(
        log,
        keys.map((key) => storedChange(key, key)),
        [{ kind: "flag", environment: "base", key: "a.flag", salt: "00", after: 1 }],
      );
      const keysOf = async (...query: Parameters<ContractedChangeLog["records"]>) =>
        (await log.records(...query)).map((record) => record.key);
      expect(await keysOf({ kind: "value", keyPrefix: "a" })).toEqual(["a", "a.b", "a.b-c", "a.b.c", "a.bc"]);
      expect(await keysOf({ kind: "value", keyPrefix: "a.b" })).toEqual(["a.b", "a.b.c"]);
      expect(await keysOf({ kind: "value", keyPrefix: "a.b.c" })).toEqual(["a.b.c"]);
      expect(await keysOf({ keyPrefix: "a.flag" })).toEqual(["a.flag"]);
      expect(await keysOf({ kind: "flag" })).toEqual(["a.flag"]);
      expect(await keysOf({ environment: "child" })).toEqual([]);
      expect(await keysOf({ kind: "segment" })).toEqual([]);
      expect(await keysOf({ environment: "base" })).toHaveLength(keys.length + 1);
      expect(await keysOf({ environment: "base" }, 1)).toHaveLength(keys.length);
    });

    it("orders records by code points", async () => {
      const log = await makeLog();
      const keys = ["Z", "a", "é", "\uff5e", "\u{1f600}"];
      await fill(
        log,
        keys.toReversed().map((key) => ({ kind: "flag" as const, environment: "base", key, salt: "00", after: 1 })),
      );
      expect((await log.records({})).map((record) => record.key)).toEqual(keys);
    });

    it("shows an entry's changes with the values before them, in their order", async () => {
      const log = await makeLog();
      await fill(
        log,
        [storedChange("a.b", 1), storedChange("a.c", 1)],
        [storedChange("a.d", 2), storedChange("a.c"), storedChange("a.b", 2)],
        [storedChange("a.c", 3)],
      );
      const id = (key: string): RecordId => ({ kind: "value", environment: "base", layer: "stored", key });
      expect(await log.changes(1)).toEqual([
        { ...id("a.b"), after: 1 },
        { ...id("a.c"), after: 1 },
      ]);
      expect(await log.changes(2)).toEqual([
        { ...id("a.d"), after: 2 },
        { ...id("a.c"), before: 1 },
        { ...id("a.b"), before: 1, after: 2 },
      ]);
      expect(await log.changes(3)).toEqual([{ ...id("a.c"), after: 3 }]);
      expect(await log.changes(4)).toEqual([]);
    });

    it("takes an Idempotency-Key once for each principal", async () => {
      const log = await makeLog();
      const idempotency = { principal: "token-1", key: "k" };
      const first = contractEntry(1, [storedChange("a.b", 1)], { idempotency });
      const other = contractEntry(2, [storedChange("a.b", 2)], { idempotency: { principal: "token-2", key: "k" } });
      const { head } = await log.append(await log.head(), [first, other]);
      expect(await log.byIdempotencyKey("token-1", "k")).toMatchObject(first);
      expect(await log.byIdempotencyKey("token-2", "k")).toMatchObject(other);
      expect(await log.byIdempotencyKey("token-1", "other")).toBeUndefined();

      const again = [contractEntry(3, [storedChange("a.b", 3)]), contractEntry(4, [storedChange("a.b", 4)], { idempotency })];
      await expect(log.append(head, again)).rejects.toMatchObject({ code: "conflicting_change" });
      const fresh = { principal: "token-3", key: "k" };
      const twice = [contractEntry(3, [], { idempotency: fresh }), contractEntry(4, [], { idempotency: fresh })];
      await expect(log.append(head, twice)).rejects.toMatchObject({ code: "conflicting_change" });
      expect(await log.head()).toEqual(head);
      expect(await log.record(storedChange("a.b"))).toMatchObject({ value: 2 });
      expect((await log.append(head, [contractEntry(3, [storedChange("a.new", 3)])])).state).toBe("committed");
      expect(await log.record(storedChange("a.new"))).toMatchObject({ value: 3, revision: 3 });
    });

    it("finds the revision of a time, also where the clock went back", async () => {
      const log = await makeLog();
      const times = ["10:00", "11:00", "10:30", "10:40", "12:00", "12:00"];
      const at = (time: string) => `2026-03-01T${time}:00.000Z`;
      await log.append(
        await log.head(),
        times.map((time, index) => contractEntry(index + 1, [], { at: at(time) })),
      );
      const expected: [time: string, revision: number][] = [
        ["09:59", 0],
        ["10:00", 1],
        ["10:29", 1],
        ["10:30", 3],
        ["10:50", 4],
        ["11:00", 4],
        ["11:59", 4],
        ["12:00", 6],
        ["23:00", 6],
      ];
      for (const [time, revision] of expected) expect([time, await log.revisionAt(at(time))]).toEqual([time, revision]);
    });

    it("commits a batch of 1,000 changes as one entry", async () => {
      const log = await makeLog();
      const keys = Array.from({ length: 1_000 }, (_, index) => `a.key${String(index).padStart(4, "0")}`);
      await fill(
        log,
        keys.map((key) => storedChange(key, { key })),
      );
      expect((await log.changes(1)).map((change) => change.key)).toEqual(keys);
      expect((await log.records({ kind: "value", environment: "base", keyPrefix: "a" })).map((record) => record.value)).toEqual(
        keys.map((key) => ({ key })),
      );
    });

    it("tells followers of each group, until they stop", async () => {
      const log = await makeLog();
      const seen: number[] = [];
      const stop = log.follow((head) => seen.push(head.revision));
      await log.append(await log.head(), [contractEntry(1, []), contractEntry(2, [])]);
      await fill(log, [storedChange("a.b", 1)]);
      await log.append({ revision: 0, hash: "0".repeat(64) }, [contractEntry(1, [])]);
      stop();
      await fill(log, [storedChange("a.b", 2)]);
      expect(seen).toEqual([2, 3]);
    });

    it("finishes queued work before it closes, and answers nothing after", async () => {
      const log = await makeLog();
      const append = log.append(await log.head(), [contractEntry(1, [storedChange("a.b", 1)])]);
      await Promise.all([log.close(), log.close()]);
      expect((await append).state).toBe("committed");
      await expect(log.head()).rejects.toMatchObject({ code: "store_unavailable" });
    });
  });
}
