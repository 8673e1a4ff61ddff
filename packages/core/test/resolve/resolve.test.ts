import { type Candidate, explainKey, type Json, type Layer, recordedLayers, RecordSet, resolveAll, resolveKey } from "@setpoint/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accept, deleteValue, setValue, shopRecords } from "../fixtures.ts";

describe("resolveKey", () => {
  it("gives the schema's default with the schema's version when no layer says anything", () => {
    expect(resolveKey(shopRecords(), "production", "shop.maxItems")).toMatchObject({ value: 10, layer: "default", version: 1 });
  });

  it("inherits live from the nearest ancestor that has a value", () => {
    const records = shopRecords();
    accept(records, [setValue("base", "shop.maxItems", 20)]);
    expect(resolveKey(records, "production", "shop.maxItems")).toMatchObject({ value: 20, environment: "base", version: 2 });
    accept(records, [setValue("staging", "shop.maxItems", 30)]);
    expect(resolveKey(records, "production", "shop.maxItems")).toMatchObject({ value: 30, environment: "staging", version: 3 });
    expect(resolveKey(records, "lab", "shop.maxItems")).toMatchObject({ value: 20, version: 2 });
  });

  it("does not count what an ancestor stores behind a nearer value, and counts deletions met on the way", () => {
    const records = shopRecords();
    accept(records, [setValue("production", "shop.maxItems", 40)]); // 2
    accept(records, [setValue("base", "shop.maxItems", 20)]); // 3, hidden
    expect(resolveKey(records, "production", "shop.maxItems")?.version).toBe(2);
    accept(records, [deleteValue("production", "shop.maxItems")]); // 4
    expect(resolveKey(records, "production", "shop.maxItems")).toMatchObject({ value: 20, version: 4 });
  });

  it("has nothing for a key without a value, a branch, or a key that no schema declares", () => {
    const records = shopRecords();
    for (const key of ["shop.banner", "shop.delivery", "shop.nothing", "other.key"]) {
      expect(resolveKey(records, "production", key)).toBeUndefined();
    }
  });

  it("cuts an environment off that is not synced", () => {
    const records = shopRecords();
    accept(records, [setValue("base", "shop.maxItems", 20)]);
    accept(records, [{ kind: "environment", key: "staging", value: { parent: "base", autoSync: false } }]);
    expect(resolveKey(records, "staging", "shop.maxItems")).toMatchObject({ layer: "default", value: 10 });
    expect(resolveKey(records, "production", "shop.maxItems")).toMatchObject({ layer: "default", value: 10 });
    expect(resolveKey(records, "lab", "shop.maxItems")).toMatchObject({ value: 20 });
  });
});

/** The order of layers written down a second time, in the words of the architecture, and resolved in the plainest way. */
const naiveOrder = ["default", "files", "git", "template", "inherited", "stored", "preference", "variables", "override"];
function naive(stack: readonly Placed[], chain: readonly string[]): Json | undefined {
  let best: { readonly rank: number; readonly depth: number; readonly value: Json } | undefined;
  for (const { layer, environment, value } of stack) {
    const isInherited = ["files", "git", "template", "stored"].includes(layer);
    const depth = environment === undefined ? chain.length : chain.indexOf(environment);
    if (depth === -1 || (!isInherited && depth !== 0)) continue;
    const rank = naiveOrder.indexOf(layer);
    if (!best || rank > best.rank || (rank === best.rank && depth < best.depth)) best = { rank, depth, value };
  }
  return best?.value;
}

interface Placed {
  readonly layer: Layer;
  readonly environment: string | undefined;
  readonly value: number;
}

describe("layers", () => {
  const placed = fc.record({
    layer: fc.constantFrom(...recordedLayers),
    environment: fc.constantFrom("base", "staging", "production", "lab"),
    value: fc.integer({ min: 1, max: 100 }),
  });
  const stacks = fc.uniqueArray(
    fc.oneof(
      placed,
      fc.record({ layer: fc.constant<Layer>("files"), environment: fc.constant(undefined), value: fc.integer({ min: 1, max: 100 }) }),
    ),
    { selector: ({ layer, environment }) => `${layer} ${environment}` },
  );

  it("agree with a naive model on every stack, and explain's winner is the value served", () => {
    fc.assert(
      fc.property(stacks, (stack) => {
        const records = shopRecords();
        for (const [index, { layer, environment, value }] of stack.entries()) {
          records.apply({
            kind: "value",
            layer,
            key: "shop.maxItems",
            value,
            revision: 10 + index,
            ...(environment !== undefined && { environment }),
          });
        }
        for (const chain of [["production", "staging", "base"], ["lab", "base"], ["base"]]) {
          const environment = chain[0] as string;
          const resolved = resolveKey(records, environment, "shop.maxItems");
          expect(resolved?.value).toBe(naive(stack as Placed[], chain) ?? 10);
          const explained = explainKey(records, environment, "shop.maxItems");
          const winners = explained?.candidates.filter((candidate: Candidate) => candidate.wins) ?? [];
          expect(winners).toHaveLength(1);
          expect(winners[0]).toMatchObject({ value: resolved?.value, layer: resolved?.layer });
          expect(explained?.resolved?.version).toBe(resolved?.version);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("resolveAll", () => {
  it("lists declared keys with values and the entries of open maps of keys, sorted", () => {
    const records = shopRecords();
    accept(records, [
      {
        kind: "schema",
        key: "limits",
        value: {
          type: "object",
          properties: { per: { type: "object", "x-setpoint-entries": "keys", additionalProperties: { type: "integer" } } },
        },
      },
    ]);
    accept(records, [setValue("base", "limits.per.eu", 1), setValue("staging", "limits.per.us", 2)]);
    const values = Object.fromEntries([...resolveAll(records, "production")].map(([key, { value }]) => [key, value]));
    expect(Object.keys(values)).toEqual(Object.keys(values).toSorted());
    expect(values).toEqual({ "limits.per.eu": 1, "limits.per.us": 2, "shop.delivery.days": 3, "shop.maxItems": 10 });
    accept(records, [deleteValue("base", "limits.per.eu")]);
    expect(resolveAll(records, "production").has("limits.per.eu")).toBe(false);
  });

  it("is empty for an environment that does not exist", () => {
    expect(resolveAll(new RecordSet(), "nowhere").size).toBe(0);
    expect(resolveAll(shopRecords(), "nowhere").size).toBe(0);
  });
});
