import {
  type BatchChange,
  chainOf,
  clientBatchLimits,
  flattenPatch,
  type Json,
  planBatch,
  RecordOverlay,
  type RecordReader,
  resolveAll,
  resolveDefinitions,
} from "@setpoint/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accept, deleteValue, nextRevision, setValue, shopRecords, shopSchema } from "../fixtures.ts";

function refusalOf(batch: readonly BatchChange[], records = shopRecords()) {
  const outcome = planBatch(records, batch, nextRevision(records), clientBatchLimits);
  return outcome.ok ? outcome.plan.refusal : outcome.refusal;
}

describe("planBatch refuses", () => {
  it.each([
    ["an unknown environment", [setValue("pord", "shop.maxItems", 5)], "environment_not_found"],
    ["a key outside the grammar", [setValue("base", "shop.__proto__.x", 5)], "invalid_key"],
    ["a branch", [setValue("base", "shop.delivery", {})], "not_a_leaf"],
    ["an undeclared key", [setValue("base", "shop.maxItem", 5)], "validation_failed"],
    ["a value of the wrong type", [setValue("base", "shop.maxItems", "5")], "validation_failed"],
    ["a value out of range", [setValue("base", "shop.maxItems", 101)], "validation_failed"],
    ["a value for a sensitive key", [setValue("base", "shop.apiKey", "k")], "secrets_unavailable"],
    ["the same record twice", [setValue("base", "shop.maxItems", 5), deleteValue("base", "shop.maxItems")], "invalid_request"],
    ["a value that is too large", [setValue("base", "shop.banner", "x".repeat(300_000))], "too_large"],
    ["a circle of environments", [{ kind: "environment", key: "base", value: { parent: "production" } }], "validation_failed"],
    ["an environment with an unknown parent", [{ kind: "environment", key: "new", value: { parent: "nowhere" } }], "environment_not_found"],
    ["an environment whose children need it", [{ kind: "environment", key: "staging" }], "environment_not_found"],
    ["a schema that does not compile", [{ kind: "schema", key: "other", value: { type: "object", if: {} } }], "validation_failed"],
    ["a flag without variants", [{ kind: "flag", environment: "base", key: "new", value: { state: "ENABLED" } }], "validation_failed"],
    ["a flag called constructor", [{ kind: "flag", environment: "base", key: "constructor", value: {} }], "invalid_key"],
  ] as const)("%s", (_what, batch, code) => {
    expect(refusalOf(batch as readonly BatchChange[])).toMatchObject({ code });
  });

  it("names what was meant", () => {
    expect(refusalOf([setValue("pord", "shop.maxItems", 5)])?.detail).not.toContain("Did you mean"); // too far from any
    expect(refusalOf([setValue("stagin", "shop.maxItems", 5)])?.detail).toContain('Did you mean "staging"');
    expect(refusalOf([setValue("base", "shop.maxItem", 5)])?.issues?.[0]).toMatchObject({ code: "unknown_key", expected: "shop.maxItems" });
  });

  it("a batch when one of its changes is wrong, with every issue", () => {
    const refusal = refusalOf([
      setValue("base", "shop.maxItems", 0),
      setValue("base", "shop.banner", 7),
      setValue("lab", "shop.delivery.days", 4),
    ]);
    expect(refusal?.issues?.map(({ key }) => key)).toEqual(["shop.maxItems", "shop.banner"]);
  });

  it("a stale version before it looks at contents, with what is current", () => {
    const records = shopRecords();
    accept(records, [setValue("base", "shop.maxItems", 20)]);
    const refusal = refusalOf([{ ...setValue("production", "shop.maxItems", 1_000), ifVersion: 1 }], records);
    expect(refusal).toMatchObject({ code: "version_mismatch", current: { value: 20, version: 2 } });
    expect(refusalOf([{ ...setValue("production", "shop.maxItems", 21), ifVersion: 2 }], records)).toBeUndefined();
    expect(refusalOf([{ ...setValue("production", "shop.banner", "hi"), ifVersion: 0 }], records)).toBeUndefined();
  });

  it("a direct write to an environment that takes approved changes only, before versions and contents", () => {
    const records = shopRecords();
    accept(records, [{ kind: "environment", key: "lab", value: { parent: "base", approvalRequired: true } }]);
    const wrong = { ...setValue("lab", "shop.maxItems", 1_000), ifVersion: 7 };
    expect(refusalOf([wrong], records)).toMatchObject({ code: "approval_required" });
  });

  it("a schema that would make a stored value invalid, even a hidden one", () => {
    const records = shopRecords();
    accept(records, [setValue("base", "shop.maxItems", 90), setValue("staging", "shop.maxItems", 5)]);
    const narrower = structuredClone(shopSchema) as unknown as { properties: { maxItems: { maximum: number } } };
    narrower.properties.maxItems.maximum = 50;
    const refusal = refusalOf([{ kind: "schema", key: "shop", value: narrower }], records);
    expect(refusal).toMatchObject({ code: "validation_failed", issues: [{ key: "shop.maxItems", environment: "base" }] });
    expect(refusalOf([{ kind: "schema", key: "shop", value: { type: "object", properties: {} } }], records)).toMatchObject({
      issues: [{ code: "unknown_key" }, { code: "unknown_key" }],
    });
  });
});

describe("planBatch accepts", () => {
  it("an environment, a schema and values that need both, in one batch", () => {
    const records = shopRecords();
    const plan = accept(records, [
      setValue("eu", "mail.from", "shop@example.test"),
      { kind: "environment", key: "eu", value: { parent: "production" } },
      { kind: "schema", key: "mail", value: { type: "object", properties: { from: { type: "string" } } } },
    ]);
    expect(plan.effective).toContainEqual({ kind: "value", environment: "eu", key: "mail.from", after: "shop@example.test" });
    accept(records, [deleteValue("eu", "mail.from"), { kind: "environment", key: "eu" }, { kind: "schema", key: "mail" }]);
    expect(records.environment("eu")).toBeUndefined();
    expect(records.schema("mail")).toBeUndefined();
  });

  it("an equal value and a deletion of nothing: changes without effect", () => {
    const records = shopRecords();
    accept(records, [setValue("base", "shop.maxItems", 20)]);
    expect(accept(records, [setValue("base", "shop.maxItems", 20), deleteValue("lab", "shop.banner")])).toMatchObject({
      effective: [],
      changes: [{ before: 20, after: 20 }, { key: "shop.banner" }],
    });
  });

  it("a change where it shows only: children with a value of their own are left out", () => {
    const records = shopRecords();
    accept(records, [setValue("staging", "shop.maxItems", 30)]);
    const { effective } = accept(records, [setValue("base", "shop.maxItems", 20)]);
    expect(effective.map(({ environment }) => environment).toSorted()).toEqual(["base", "lab"]);
  });
});

describe("the effective changes of a plan", () => {
  const environments = fc.constantFrom("base", "base", "staging", "lab", "production", "production", "eu");
  const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
  const value = (key: string, values: fc.Arbitrary<Json>) =>
    fc.record({
      kind: fc.constant("value" as const),
      environment: environments,
      layer: fc.constantFrom("stored", "stored", "stored", "git", "variables" as const),
      key: fc.constant(key),
      value: optional(values),
    });
  const entries = (further: object) => ({
    type: "object",
    properties: { per: { type: "object", "x-setpoint-entries": "keys", additionalProperties: { type: "integer", ...further } } },
  });
  const schemas: Readonly<Record<string, readonly Json[]>> = {
    shop: [
      shopSchema,
      { ...shopSchema, properties: { ...shopSchema.properties, maxItems: { type: "integer", minimum: 1, maximum: 100, default: 3 } } },
      { ...shopSchema, properties: { ...shopSchema.properties, banner: { type: "string", default: "a" }, added: { default: true } } },
      { ...shopSchema, properties: { ...shopSchema.properties, maxItems: { type: "integer" } } },
    ],
    limits: [
      entries({}),
      entries({ default: 1 }),
      { type: "object", properties: { per: { type: "object", properties: { eu: { default: 1 } } } } },
    ],
  };
  const wish: fc.Arbitrary<BatchChange> = fc
    .oneof(
      { weight: 3, arbitrary: value("shop.maxItems", fc.integer({ min: 1, max: 4 })) },
      { weight: 2, arbitrary: value("shop.banner", fc.constantFrom("a", "b")) },
      value("shop.delivery.days", fc.integer({ min: 1, max: 3 })),
      { weight: 3, arbitrary: value("limits.per.eu", fc.integer({ min: 1, max: 2 })) },
      value("limits.per.us", fc.integer({ min: 1, max: 2 })),
      fc.record({
        kind: fc.constant("value" as const),
        layer: fc.constant("files" as const),
        key: fc.constantFrom("shop.maxItems", "limits.per.eu"),
        value: optional(fc.integer({ min: 1, max: 2 })),
      }),
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constantFrom("flag" as const, "segment" as const),
          environment: environments,
          key: fc.constantFrom("new look", "beta"),
          value: optional(fc.constantFrom("ENABLED", "DISABLED").map((state): Json => ({ state, variants: { on: true } }))),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant("environment" as const),
          key: environments,
          value: fc.record({
            parent: fc.option(environments, { nil: null }),
            autoSync: fc.boolean(),
            description: fc.constantFrom("", "x"),
          }),
        }),
      },
      fc.record({ kind: fc.constant("environment" as const), key: environments }),
      {
        weight: 2,
        arbitrary: fc.constantFrom("shop", "limits", "limits").chain((key) =>
          fc.record({
            kind: fc.constant("schema" as const),
            key: fc.constant(key),
            value: optional(fc.constantFrom(...(schemas[key] ?? []))),
          }),
        ),
      },
    )
    .map((change) => Object.fromEntries(Object.entries(change).filter(([, part]) => part !== undefined)) as unknown as BatchChange);
  const id = ({ kind, environment, layer, key }: BatchChange) => `${kind} ${environment} ${layer} ${key}`;
  const batches = fc.array(fc.uniqueArray(wish, { minLength: 1, maxLength: 3, selector: id }), { minLength: 4, maxLength: 25 });

  /** Everything that is in force, by place, sorted as effective changes are. */
  function inForce(state: RecordReader): Map<string, Json> {
    const seen = new Map<string, Json>();
    for (const { name } of state.environments()) {
      for (const [key, resolved] of resolveAll(state, name)) seen.set(`${name} 0 value ${key}`, resolved.value);
      for (const [key, definition] of resolveDefinitions(state, "flag", name)) seen.set(`${name} 1 flag ${key}`, definition);
      for (const [key, definition] of resolveDefinitions(state, "segment", name)) seen.set(`${name} 2 segment ${key}`, definition);
    }
    return seen;
  }

  function chains(state: RecordReader): Map<string, string> {
    const lookup = (name: string) => state.environment(name);
    return new Map(state.environments().map(({ name }) => [name, chainOf(name, lookup).join(" ")]));
  }

  it("are exactly what differs between resolving before and after, and an overlay resolves like a set", () => {
    const accepted = { value: 0, flag: 0, segment: 0, template: 0, environment: 0, schema: 0 };
    fc.assert(
      fc.property(batches, (sequence) => {
        const records = shopRecords();
        accept(records, [{ kind: "schema", key: "limits", value: entries({}) }]);
        for (const batch of sequence) {
          const revision = nextRevision(records);
          const outcome = planBatch(records, batch, revision, clientBatchLimits);
          if (!outcome.ok) continue;
          const { changes, effective, affected, refusal } = outcome.plan;
          // What a refused value or flag would do is not told; what a refused schema would do to stored values is.
          if (refusal && !batch.every(({ kind }) => kind === "schema" || kind === "environment")) continue;
          if (!refusal) for (const { kind } of batch) accepted[kind] += 1;
          const overlay = new RecordOverlay(records);
          for (const { before: _, after, ...record } of changes) {
            overlay.apply({ ...record, ...(after !== undefined && { value: after }), revision });
          }
          const [before, after] = [inForce(records), inForce(overlay)];
          const [chainsBefore, chainsAfter] = [chains(records), chains(overlay)];
          if (!refusal) {
            accept(records, batch);
            expect([...inForce(records)]).toEqual([...after]);
          }
          const order = { value: 0, flag: 1, segment: 2 };
          const told = effective.map((change) => [
            `${change.environment} ${order[change.kind]} ${change.kind} ${change.key}`,
            change.before,
            change.after,
          ]);
          const places = [...new Set([...before.keys(), ...after.keys()])].sort();
          const really = places
            .map((place) => [place, before.get(place), after.get(place)] as const)
            .filter(([, left, right]) => JSON.stringify(left) !== JSON.stringify(right));
          expect(told).toEqual(really);
          const rechained = [...new Set([...chainsBefore.keys(), ...chainsAfter.keys()])]
            .filter((name) => chainsBefore.get(name) !== chainsAfter.get(name))
            .sort();
          if (affected !== "all") expect(affected).toEqual(rechained);
          else expect(batch.some(({ kind }) => kind === "schema")).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
    for (const kind of ["value", "flag", "segment", "environment", "schema"] as const)
      expect({ kind, few: accepted[kind] < 50 }).toEqual({ kind, few: false });
  });
});

describe("flattenPatch", () => {
  it("sets leaves whole, deletes by null, and removes what a branch stores by null for the branch", () => {
    const records = shopRecords();
    accept(records, [setValue("lab", "shop.delivery.days", 9), setValue("lab", "shop.delivery.rules", { a: 1 })]);
    expect(flattenPatch(records, "lab", { shop: { maxItems: 5, banner: null, delivery: { rules: { b: null } } } })).toEqual({
      ok: true,
      changes: [
        { kind: "value", environment: "lab", key: "shop.maxItems", value: 5 },
        { kind: "value", environment: "lab", key: "shop.banner" },
        { kind: "value", environment: "lab", key: "shop.delivery.rules", value: { b: null } },
      ],
    });
    const cleared = flattenPatch(records, "lab", { shop: { delivery: null } });
    expect(cleared.ok && cleared.changes.map(({ key }) => key).toSorted()).toEqual(["shop.delivery.days", "shop.delivery.rules"]);
  });

  it.each([
    [{}, "invalid_request"],
    [{ shop: 5 }, "not_a_leaf"],
    [{ shop: { "a b": 5 } }, "invalid_key"],
    [{ shop: { constructor: 5 } }, "invalid_key"],
  ])("refuses %j", (patch, code) => {
    expect(flattenPatch(shopRecords(), "lab", patch)).toMatchObject({ ok: false, refusal: { code } });
  });
});
