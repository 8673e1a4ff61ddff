import { clientBatchLimits, type BatchChange, flattenPatch, planBatch, RecordOverlay, resolveAll } from "@setpoint/core";
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
  const environments = ["base", "staging", "lab", "production"];
  const wish = fc.oneof(
    fc.record({
      environment: fc.constantFrom(...environments),
      key: fc.constant("shop.maxItems"),
      value: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
    }),
    fc.record({
      environment: fc.constantFrom(...environments),
      key: fc.constant("shop.banner"),
      value: fc.option(fc.constantFrom("a", "b"), { nil: undefined }),
    }),
    fc.record({
      environment: fc.constantFrom(...environments),
      key: fc.constant("shop.delivery.days"),
      value: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    }),
  );
  const batches = fc.array(
    fc.uniqueArray(wish, { minLength: 1, maxLength: 4, selector: ({ environment, key }) => `${environment} ${key}` }),
    { maxLength: 12 },
  );

  it("are exactly what differs between resolving before and after, and an overlay resolves like a set", () => {
    fc.assert(
      fc.property(batches, (sequence) => {
        const records = shopRecords();
        for (const wishes of sequence) {
          const batch: BatchChange[] = wishes.map(({ environment, key, value }) => ({
            kind: "value",
            environment,
            key,
            ...(value !== undefined && { value }),
          }));
          const overlay = new RecordOverlay(records);
          const revision = nextRevision(records);
          for (const { environment, key, value } of batch) {
            overlay.apply({
              kind: "value",
              layer: "stored",
              key,
              revision,
              ...(environment !== undefined && { environment }),
              ...(value !== undefined && { value }),
            });
          }
          const seen = (state: Parameters<typeof resolveAll>[0]) =>
            environments.flatMap((environment) =>
              [...resolveAll(state, environment)].map(([key, { value }]) => `${environment} ${key} ${JSON.stringify(value)}`),
            );
          const before = new Set(seen(records));
          const overlaid = seen(overlay);
          const { effective } = accept(records, batch);
          const after = new Set(seen(records));
          expect(overlaid.toSorted()).toEqual([...after].toSorted());
          const told = effective.map(
            ({ environment, key, after: value }) => `${environment} ${key} ${value === undefined ? "gone" : JSON.stringify(value)}`,
          );
          const really = [
            ...[...after].filter((line) => !before.has(line)),
            ...[...before]
              .filter((line) => !after.has(line))
              .map((line) => line.split(" ").slice(0, 2).join(" "))
              .filter((place) => ![...after].some((line) => line.startsWith(`${place} `)))
              .map((place) => `${place} gone`),
          ];
          expect(told.toSorted()).toEqual(really.toSorted());
        }
      }),
      { numRuns: 200 },
    );
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
