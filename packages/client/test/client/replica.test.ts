import { addSums, emptyStateSum, type HashedKind, type Json, recordSum, stateHashText } from "@setpoint/core";
import type { ChangeFrame, SnapshotFrame } from "@setpoint/protocol/frames";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createReplica, type Replica, type ReplicaFrame, type ReplicaRecords } from "../../src/replica.ts";
import { createFrameModel, type FrameModel, hashOf } from "./frame-model.ts";

const keys = ["a.x", "a.y", "a.deep.z", "b.list", "b.map", "toString", "c.valueOf"];
const json = fc.oneof(
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.string(),
  fc.array(fc.integer(), { maxLength: 3 }),
  fc.dictionary(fc.string({ maxLength: 3 }), fc.integer(), { maxKeys: 3 }),
) as fc.Arbitrary<Json>;
const commit = fc.dictionary(fc.constantFrom(...keys), fc.option(json, { nil: undefined }), { minKeys: 1, maxKeys: 3 });
const history = fc.array(fc.oneof({ weight: 4, arbitrary: commit }, { weight: 1, arbitrary: fc.constant("pass" as const) }), {
  minLength: 1,
  maxLength: 12,
});

function tell(model: FrameModel, steps: readonly (Record<string, Json | undefined> | "pass")[]): ReplicaFrame[] {
  return steps.map((step) => (step === "pass" ? model.pass() : model.commit(step)));
}

function started(model: FrameModel): { replica: Replica; records: ReplicaRecords } {
  const records: ReplicaRecords = { value: new Map() };
  const replica = createReplica(records);
  replica.apply(model.snapshot());
  return { replica, records };
}

const held = (records: ReplicaRecords) => Object.fromEntries(records.value);
const revisionOf = (replica: Replica) => Number.parseInt(replica.cursor ?? "-1", 10);

/** The hash over what is held, computed anew. */
function hashOfRecords(records: ReplicaRecords): string {
  let sum = emptyStateSum;
  for (const kind of Object.keys(records) as HashedKind[]) {
    for (const [key, value] of records[kind] ?? []) sum = addSums(sum, recordSum(kind, key, value));
  }
  return stateHashText(sum);
}

describe("a replica", () => {
  test("that gets every frame is equal to the daemon at every revision", () => {
    fc.assert(
      fc.property(history, (steps) => {
        const model = createFrameModel({ "a.x": 1, "b.list": [1, 2] });
        const { replica, records } = started(model);
        for (const frame of tell(model, steps)) {
          expect(Array.isArray(replica.apply(frame))).toBe(true);
          expect(held(records)).toEqual(model.values(revisionOf(replica)));
        }
        expect(revisionOf(replica)).toBe(model.revision);
        expect(replica.hash).toBe(hashOf(model.values()));
      }),
    );
  });

  test("under loss, repetition and reordering is equal to the daemon or says that it is not in step", () => {
    const delivery = fc.array(fc.nat(30), { maxLength: 30 });
    fc.assert(
      fc.property(history, delivery, (steps, order) => {
        const model = createFrameModel({ "a.x": 1 });
        const { replica, records } = started(model);
        const frames = tell(model, steps);
        const snapshots = [...Array(model.revision + 1).keys()].map((revision) => model.snapshot(revision));
        const pool: ReplicaFrame[] = [...frames, ...frames, ...snapshots];
        for (const index of order) {
          const frame = pool[index % pool.length] as ReplicaFrame;
          const before = replica.cursor;
          const outcome = replica.apply(frame);
          if (typeof outcome === "string") {
            expect(replica.cursor).toBe(before);
            continue;
          }
          // A heartbeat vouches for nothing but the frames before it, which may have been lost here.
          if (frame.type !== "heartbeat" && replica.cursor !== before) expect(held(records)).toEqual(model.values(revisionOf(replica)));
          expect(replica.hash).toBe(hashOfRecords(records));
        }
        replica.apply(model.snapshot());
        expect(held(records)).toEqual(model.values());
      }),
    );
  });

  test("drops what is not newer and says gap where a change is missing", () => {
    const model = createFrameModel({ "a.x": 1 });
    const { replica, records } = started(model);
    const first = model.commit({ "a.x": 2 });
    const second = model.commit({ "a.x": 3 });
    expect(replica.apply(second)).toBe("gap");
    expect(replica.apply(first)).toHaveLength(1);
    expect(replica.apply(first)).toEqual([]);
    expect(replica.apply(second)).toHaveLength(1);
    expect(replica.apply(model.snapshot(1))).toHaveLength(1);
    expect(held(records)).toEqual({ "a.x": 2 });
  });

  test("takes nothing but a snapshot to begin with", () => {
    const model = createFrameModel({ "a.x": 1 });
    const replica = createReplica({ value: new Map() });
    expect(replica.apply(model.pass())).toBe("gap");
    expect(replica.apply(model.commit({ "a.x": 2 }))).toBe("gap");
    expect(replica.cursor).toBeUndefined();
    expect(replica.apply(model.snapshot())).toHaveLength(1);
  });

  test("keeps what it has when a frame leads to another hash", () => {
    const model = createFrameModel({ "a.x": 1 });
    const { replica, records } = started(model);
    const before = { cursor: replica.cursor, hash: replica.hash };
    const frame = model.commit({ "a.x": 2 });
    expect(replica.apply({ ...frame, values: { set: { "a.x": 3 }, unset: [] } })).toBe("diverged");
    expect(replica.apply({ ...model.snapshot(), values: { "a.x": 3 } })).toBe("diverged");
    expect(held(records)).toEqual({ "a.x": 1 });
    expect({ cursor: replica.cursor, hash: replica.hash }).toEqual(before);
    expect(replica.apply(frame)).toHaveLength(1);
  });

  test("is whole and consistent whatever a frame's members are", () => {
    const junk = fc.oneof(
      fc.constantFrom(null, undefined, 0, -1, Number.NaN, "", "x", true, [], {}, ["a"], { set: null }, { set: {}, unset: 7 }),
      json,
    );
    const members = fc.constantFrom("type", "previous", "cursor", "revision", "hash", "values", "flags", "segments", "at");
    fc.assert(
      fc.property(commit, members, junk, fc.boolean(), (changes, member, value, isSnapshot) => {
        const model = createFrameModel({ "a.x": 1, "b.list": [1] });
        const { replica, records } = started(model);
        const change = model.commit(changes);
        const frame: ChangeFrame | SnapshotFrame = isSnapshot ? model.snapshot() : change;
        try {
          replica.apply({ ...frame, [member]: value });
        } catch {
          expect(held(records)).toEqual(model.values(0));
        }
        expect(replica.hash).toBe(hashOfRecords(records));
        replica.apply(model.snapshot());
        expect(held(records)).toEqual(model.values());
      }),
    );
  });

  test("does not touch prototypes", () => {
    const replica = createReplica({ value: new Map() });
    const values = JSON.parse('{"__proto__.polluted": 1, "constructor.prototype.polluted": 1, "toString": 1}') as Record<string, Json>;
    const frame = { ...createFrameModel().snapshot(), values, hash: hashOf(values) };
    expect(replica.apply(frame)).toHaveLength(3);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(replica.get("toString")).toBe(1);
    expect(replica.get("valueOf")).toBeUndefined();
  });

  test("takes a snapshot as what it changes", () => {
    const model = createFrameModel({ "a.x": 1, "b.list": [1, { y: 2 }], "c.gone": true });
    const { replica } = started(model);
    const list = replica.get("b.list");
    model.commit({ "a.x": 2, "c.gone": undefined });
    const snapshot = JSON.parse(JSON.stringify(model.snapshot())) as SnapshotFrame;
    expect(replica.apply(snapshot)).toEqual([
      { kind: "value", key: "a.x", value: 2, previous: 1, revision: 1 },
      { kind: "value", key: "c.gone", value: undefined, previous: true, revision: 1 },
    ]);
    expect(replica.get("b.list")).toBe(list);
  });

  test("says nothing of a value that came back equal", () => {
    const model = createFrameModel({ "b.map": { p: 1, q: [2] } });
    const { replica } = started(model);
    expect(replica.apply(model.commit({ "b.map": { q: [2], p: 1 } }))).toEqual([]);
    expect(revisionOf(replica)).toBe(1);
  });

  test("leaves a kept map alone", () => {
    const model = createFrameModel({ "a.x": 1 });
    const { replica } = started(model);
    const kept = replica.keep();
    replica.apply(model.commit({ "a.x": 2, "a.y": 3 }));
    expect([...kept]).toEqual([["a.x", 1]]);
    expect(replica.get("a.x")).toBe(2);
    expect([...replica.keep()]).toEqual([
      ["a.x", 2],
      ["a.y", 3],
    ]);
  });

  test("counts flags and segments of a server's projection", () => {
    const records: ReplicaRecords = { value: new Map(), flag: new Map(), segment: new Map() };
    const replica = createReplica(records);
    const flags = { toString: { state: "ENABLED" } };
    const segments = { beta: { users: ["42"] } };
    const sum = [recordSum("flag", "toString", flags.toString), recordSum("segment", "beta", segments.beta)].reduce(addSums);
    const snapshot: SnapshotFrame = { ...createFrameModel().snapshot(), hash: stateHashText(sum), flags, segments };
    expect(replica.apply({ ...snapshot, segments: {} })).toBe("diverged");
    expect(replica.apply(snapshot)).toHaveLength(2);
    expect(records.flag?.get("toString")).toEqual({ state: "ENABLED" });
  });

  test("holds initial state to resume from, without a hash given", () => {
    const model = createFrameModel({ "a.x": 1, "b.list": [1] });
    const replica = createReplica({ value: new Map() });
    replica.apply({ type: "initial", cursor: model.snapshot().cursor, values: model.values() });
    expect(replica.hash).toBe(model.snapshot().hash);
    expect(replica.apply(model.commit({ "a.x": 5 }))).toHaveLength(1);
  });
});
