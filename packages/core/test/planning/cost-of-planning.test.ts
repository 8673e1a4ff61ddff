import {
  type BatchChange,
  clientBatchLimits,
  type Json,
  type Layer,
  planBatch,
  planLimits,
  RecordSet,
  type RecordReader,
  suggestionLimits,
} from "@setpoint/core";
import { describe, expect, it } from "vitest";
import { accept, nextRevision, setValue } from "../fixtures.ts";

/** Records that count which keys are resolved from them. */
function counted(records: RecordSet) {
  const resolved = new Map<string, number>();
  const reader: RecordReader = {
    record: (id) => records.record(id),
    valueRecord: (environment: string | undefined, layer: Layer, key: string) => {
      resolved.set(key, (resolved.get(key) ?? 0) + 1);
      return records.valueRecord(environment, layer, key);
    },
    hasValues: (environment, layer) => records.hasValues(environment, layer),
    recordsOf: (kind, environment) => records.recordsOf(kind, environment),
    schema: (namespace) => records.schema(namespace),
    namespaces: () => records.namespaces(),
    environment: (name) => records.environment(name),
    environments: () => records.environments(),
  };
  return { reader, resolved };
}

const keysCount = 1_000;
const environmentsCount = 40;

function schema(further: Record<string, Json> = {}): Json {
  const properties = Object.fromEntries(Array.from({ length: keysCount }, (_, index) => [`k${index}`, { type: "integer", default: 0 }]));
  return { type: "object", properties: { ...properties, ...further } };
}

/** `root` with children `e0` to `e39`, and two namespaces of 1,000 keys. */
function broad(): RecordSet {
  const records = new RecordSet();
  accept(records, [
    { kind: "environment", key: "root", value: {} },
    { kind: "environment", key: "other", value: {} },
    ...Array.from({ length: environmentsCount }, (_, index): BatchChange => ({
      kind: "environment",
      key: `e${index}`,
      value: { parent: "root" },
    })),
    { kind: "schema", key: "one", value: schema() },
    { kind: "schema", key: "two", value: schema() },
    setValue("root", "one.k1", 1),
    setValue("root", "two.k2", 2),
  ]);
  return records;
}

function plan(records: RecordSet, batch: readonly BatchChange[]) {
  const { reader, resolved } = counted(records);
  const outcome = planBatch(reader, batch, nextRevision(records), clientBatchLimits);
  return { outcome, resolved };
}

describe("planning resolves", () => {
  it("nothing for what an environment is called, whether it is production or how it is approved", () => {
    const value = { description: "x", isProduction: true, approvalRequired: true };
    const { outcome, resolved } = plan(broad(), [{ kind: "environment", key: "root", value }]);
    expect(outcome).toMatchObject({ ok: true, plan: { effective: [], structural: true, affected: [] } });
    expect(resolved.size).toBe(0);
  });

  it("nothing for a schema that is registered again as it is, or with other texts only", () => {
    const same = plan(broad(), [{ kind: "schema", key: "one", value: schema() }]);
    expect(same.outcome).toMatchObject({ ok: true, plan: { effective: [], affected: [] } });
    const texts = plan(broad(), [{ kind: "schema", key: "one", value: { ...(schema() as object), title: "One" } }]);
    expect(texts.outcome).toMatchObject({ ok: true, plan: { effective: [], affected: "all" } });
    expect(same.resolved.size + texts.resolved.size).toBe(0);
  });

  it("only the keys of a schema that come, go or have another default", () => {
    const { outcome, resolved } = plan(broad(), [
      { kind: "schema", key: "one", value: schema({ k7: { type: "integer", default: 7 }, added: { default: 1 } }) },
    ]);
    expect([...resolved.keys()].toSorted()).toEqual(["one.added", "one.k7"]);
    expect(outcome.ok && outcome.plan.effective.length).toBe(2 * (environmentsCount + 2));
  });

  it("only what the former and the new ancestors store for an environment that moves", () => {
    const { outcome, resolved } = plan(broad(), [{ kind: "environment", key: "e7", value: { parent: "other" } }]);
    expect([...resolved.keys()].toSorted()).toEqual(["one.k1", "two.k2"]);
    expect(outcome).toMatchObject({
      ok: true,
      plan: {
        affected: ["e7"],
        effective: [
          { environment: "e7", key: "one.k1", before: 1, after: 0 },
          { environment: "e7", key: "two.k2", before: 2, after: 0 },
        ],
      },
    });
  });

  it("every key once for an environment that comes", () => {
    const { outcome, resolved } = plan(broad(), [{ kind: "environment", key: "new", value: { parent: "root" } }]);
    expect(resolved.size).toBe(2 * keysCount);
    expect(Math.max(...resolved.values())).toBe(1); // in `root`, the only place on the chain that stores anything
    expect(outcome.ok && outcome.plan.effective.length).toBe(2 * keysCount);
  });

  it("a key that a batch writes once per environment that inherits it", () => {
    const { outcome, resolved } = plan(broad(), [setValue("root", "one.k5", 5), setValue("e3", "one.k5", 6)]);
    expect([...resolved.keys()]).toEqual(["one.k5"]);
    expect(outcome.ok && outcome.plan.effective.map(({ environment, after }) => `${environment} ${after as number}`)).toHaveLength(
      environmentsCount + 1,
    );
  });

  it("nothing where one batch would take too much comparing, and says so", () => {
    const records = broad();
    const large = {
      type: "object",
      properties: Object.fromEntries(Array.from({ length: 9_990 }, (_, index) => [`k${index}`, { default: 1 }])),
    };
    accept(records, [{ kind: "schema", key: "three", value: large }]);
    accept(records, [{ kind: "schema", key: "four", value: large }]);
    const batch = Array.from({ length: 120 }, (_, index): BatchChange => ({ kind: "environment", key: `n${index}`, value: {} }));
    const { outcome, resolved } = plan(records, batch);
    expect(outcome).toMatchObject({ ok: false, refusal: { code: "too_large" } });
    expect(!outcome.ok && outcome.refusal.detail).toContain(`at most ${planLimits.comparedKeysMax}`);
    expect(resolved.size).toBe(0);
    expect(plan(records, batch.slice(0, 2)).outcome).toMatchObject({ ok: true });
  });
});

describe("planning names what was meant", () => {
  it("for the first unknown keys only, however many there are", () => {
    const records = broad();
    const batch = Array.from({ length: 1_000 }, (_, index) => setValue("root", `one.kk${index}`, 1));
    const outcome = planBatch(records, batch, nextRevision(records), clientBatchLimits);
    const issues = outcome.ok ? outcome.plan.issues : [];
    expect(issues).toHaveLength(1_000);
    const meant = issues.map(({ message }) => message.includes("Did you mean"));
    expect(meant.indexOf(false)).toBe(suggestionLimits.searchesMax);
    expect(meant.filter(Boolean)).toHaveLength(suggestionLimits.searchesMax);
  });
});

describe("what a new schema would do to stored values", () => {
  /** Each of 40 environments stores each of 1,000 keys. `passes` counts how often the values of one of the last are gone through. */
  function stored() {
    const records = broad();
    for (let environment = 0; environment < environmentsCount; environment += 1) {
      for (let key = 0; key < keysCount; key += 1) {
        records.apply({ kind: "value", environment: `e${environment}`, layer: "stored", key: `one.k${key}`, value: 1, revision: 2 });
      }
    }
    const passes = { count: 0 };
    const reader: RecordReader = {
      ...counted(records).reader,
      recordsOf(kind, environment) {
        if (kind === "value" && environment === "e39") passes.count += 1;
        return records.recordsOf(kind, environment);
      },
    };
    return { records, reader, passes };
  }

  it("is told in full where it is little", () => {
    const { records, reader } = stored();
    const value = schema({ k5: { type: "integer", maximum: 0 } });
    const outcome = planBatch(reader, [{ kind: "schema", key: "one", value }], nextRevision(records), clientBatchLimits);
    expect(outcome.ok && outcome.plan.refusal?.detail).toContain(`(and ${environmentsCount - 1} more)`);
  });

  it("is looked for until there are issues enough, and told as more than so many", () => {
    const { records, reader, passes } = stored();
    const value = { type: "object", properties: {} };
    const outcome = planBatch(reader, [{ kind: "schema", key: "one", value }], nextRevision(records), clientBatchLimits);
    expect(outcome.ok && outcome.plan.refusal).toMatchObject({ code: "validation_failed" });
    expect(outcome.ok && outcome.plan.refusal?.detail).toContain("(and more than 999 others)");
    expect(outcome.ok && outcome.plan.issues.length).toBe(1_000);
    expect(passes.count).toBe(1); // for what would differ, not for issues
  });

  it("costs one pass over the records, however many schemas change", () => {
    const { records, reader, passes } = stored();
    const batch = ["two", ...Array.from({ length: 50 }, (_, index) => `n${index}`)].map((key): BatchChange => ({
      kind: "schema",
      key,
      value: { type: "object", properties: {} },
    }));
    const outcome = planBatch(reader, batch, nextRevision(records), clientBatchLimits);
    expect(outcome.ok && outcome.plan.issues).toHaveLength(1); // two.k2 in root
    expect(passes.count).toBe(2); // for issues and for what would differ
  });
});
