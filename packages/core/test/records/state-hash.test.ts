import { readFileSync } from "node:fs";
import { addSums, emptyStateSum, h64, type Json, recordSum, stateHashText, subtractSums } from "@setpoint/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const page = readFileSync(new URL("../../../../docs/reference/state-hash.md", import.meta.url), "utf8");
const vectors = JSON.parse(/```json\n([\s\S]*?)```/.exec(page)?.[1] ?? "") as {
  texts: { text: string; hash: string }[];
  records: { kind: "value" | "flag" | "segment"; key: string; value: Json; hash: string }[];
  sum: string;
};

describe("the state hash", () => {
  it("has the published vectors", () => {
    expect(vectors.texts.length).toBeGreaterThan(5);
    for (const { text, hash } of vectors.texts) expect(stateHashText(h64(text))).toBe(hash);
    for (const { kind, key, value, hash } of vectors.records) expect(stateHashText(recordSum(kind, key, value))).toBe(hash);
    const sum = vectors.records.reduce((total, { kind, key, value }) => addSums(total, recordSum(kind, key, value)), emptyStateSum);
    expect(stateHashText(sum)).toBe(vectors.sum);
  });

  it("does not depend on order and takes back what it added", () => {
    const record = fc.tuple(fc.constantFrom("value" as const, "flag" as const), fc.string(), fc.jsonValue() as fc.Arbitrary<Json>);
    fc.assert(
      fc.property(fc.array(record), fc.array(record), (left, right) => {
        const sumOf = (records: typeof left) =>
          records.reduce((total, [kind, key, value]) => addSums(total, recordSum(kind, key, value)), emptyStateSum);
        expect(sumOf([...left, ...right])).toEqual(sumOf([...right, ...left]));
        expect(subtractSums(sumOf([...left, ...right]), sumOf(right))).toEqual(sumOf(left));
      }),
    );
  });

  it("tells near texts apart in both lanes", () => {
    const seen = [new Set<number>(), new Set<number>()];
    for (let index = 0; index < 20_000; index += 1) {
      const lanes = h64(`value\0shop.item${index}\0${index % 7}`);
      seen[0]?.add(lanes[0]);
      seen[1]?.add(lanes[1]);
    }
    // 20,000 of 2^32 places: about 0.05 collisions are expected in each lane.
    for (const lane of seen) expect(lane.size).toBeGreaterThan(19_997);
  });
});
