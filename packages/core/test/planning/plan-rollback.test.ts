import {
  applyChanges,
  type BatchChange,
  configurationKinds,
  diffRecords,
  invertChanges,
  RecordSet,
  recordIdText,
  revertBatch,
  rollbackBatch,
  type StoredRecord,
} from "@setpoint/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accept, deleteValue, setValue, shopRecords } from "../fixtures.ts";

function recordsOf(state: RecordSet): StoredRecord[] {
  const places = [undefined, ...state.environments().map(({ name }) => name)];
  return configurationKinds.flatMap((kind) => places.flatMap((place) => [...state.recordsOf(kind, place)]));
}

/** What configuration consists of, without revisions: what "exact" is about. */
function contents(records: Iterable<StoredRecord>): string[] {
  return [...records]
    .filter(({ value }) => value !== undefined)
    .map((record) => `${recordIdText(record)} ${JSON.stringify(record.value)}`)
    .sort();
}

const wishes: fc.Arbitrary<BatchChange> = fc.oneof(
  fc
    .record({ env: fc.constantFrom("base", "staging", "lab", "production"), items: fc.integer({ min: 1, max: 100 }) })
    .map(({ env, items }) => setValue(env, "shop.maxItems", items)),
  fc.constantFrom("base", "lab").map((env) => deleteValue(env, "shop.maxItems")),
  fc.constantFrom("a", "b").map((text) => setValue("base", "shop.banner", text)),
  fc.constantFrom({}, { description: "x" }).map((value) => ({ kind: "environment" as const, key: "extra", value })),
  fc
    .constantFrom("ENABLED", "DISABLED")
    .map((state) => ({ kind: "flag" as const, environment: "base", key: "new look", value: { state, variants: { on: true } } })),
);

describe("rolling back", () => {
  it("leads to exactly the configuration records of the revision named, from any later state", () => {
    fc.assert(
      fc.property(fc.array(wishes, { minLength: 1, maxLength: 15 }), fc.nat(), (history, pick) => {
        const records = shopRecords();
        const states: StoredRecord[][] = [recordsOf(records)];
        for (const wish of history) {
          accept(records, [wish]);
          states.push(recordsOf(records));
        }
        const target = states[pick % states.length] as StoredRecord[];
        accept(records, rollbackBatch(records, target, {}));
        expect(contents(recordsOf(records))).toEqual(contents(target));
      }),
      { numRuns: 300 },
    );
  });

  it("stays inside an environment or a namespace when one is named", () => {
    const records = shopRecords();
    const before = recordsOf(records);
    accept(records, [setValue("lab", "shop.maxItems", 5), setValue("base", "shop.banner", "b")]);
    expect(rollbackBatch(records, before, { environment: "lab" })).toEqual(
      [deleteValue("lab", "shop.maxItems")].map((change) => ({ ...change, layer: "stored" })),
    );
    expect(rollbackBatch(records, before, { namespace: "other" })).toEqual([]);
  });
});

describe("reverting", () => {
  it("undoes a commit's own keys and leaves later changes of others", () => {
    const records = shopRecords();
    accept(records, [setValue("base", "shop.maxItems", 20)]);
    const { changes } = accept(records, [setValue("base", "shop.maxItems", 30), setValue("lab", "shop.banner", "x")]);
    accept(records, [setValue("base", "shop.delivery.days", 7)]);
    const reverted = revertBatch(records, changes);
    expect(reverted.ok).toBe(true);
    if (reverted.ok) accept(records, reverted.changes);
    expect(records.valueRecord("base", "stored", "shop.maxItems")?.value).toBe(20);
    expect(records.valueRecord("lab", "stored", "shop.banner")?.value).toBeUndefined();
    expect(records.valueRecord("base", "stored", "shop.delivery.days")?.value).toBe(7);
  });

  it("is refused when a key has changed since", () => {
    const records = shopRecords();
    const { changes } = accept(records, [setValue("base", "shop.maxItems", 30)]);
    accept(records, [setValue("base", "shop.maxItems", 40)]);
    expect(revertBatch(records, changes)).toMatchObject({ ok: false, refusal: { code: "conflicting_change" } });
  });
});

describe("diff, apply and invert", () => {
  it("fit together: applying a diff leads over, and its inverse leads back", () => {
    fc.assert(
      fc.property(fc.array(wishes, { maxLength: 8 }), fc.array(wishes, { maxLength: 8 }), (first, second) => {
        const [left, right] = [first, second].map((history) => {
          const records = shopRecords();
          for (const wish of history) accept(records, [wish]);
          return recordsOf(records);
        }) as [StoredRecord[], StoredRecord[]];
        const changes = diffRecords(left, right);
        const there = applyChanges(left, changes, 99);
        expect(contents(there)).toEqual(contents(right));
        expect(contents(applyChanges(there, invertChanges(changes), 100))).toEqual(contents(left));
      }),
      { numRuns: 200 },
    );
  });
});
