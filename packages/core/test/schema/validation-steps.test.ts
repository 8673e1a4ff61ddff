import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clientBatchLimits, compileSchema, type Json, jsonEqual, planBatch, type Leaf, RecordSet, schemaLimits } from "../../src/index.ts";
import { Steps } from "../../src/schema/steps.ts";

const { alternativesMax, validationStepsMax, validationStepsTotalMax } = schemaLimits;

function compiled(schema: Json) {
  return compileSchema("app", { type: "object", properties: { key: schema } });
}

function leaf(schema: Json): Leaf {
  const result = compiled(schema);
  if (!result.ok) throw new Error(result.issues[0]?.message);
  return result.model.leafOf("app.key") as Leaf;
}

/** The steps that validating a value takes. */
function stepsFor(one: Leaf, value: Json): number {
  const steps = new Steps(validationStepsTotalMax);
  one.validate(value, steps);
  return validationStepsTotalMax - steps.left;
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
/** A union that no list of values stands for: each alternative has to be tried. The last one takes `last`. */
const manyRanges: Json = { anyOf: numbers(alternativesMax).map((bound) => ({ type: "number", minimum: bound, maximum: bound })) };
const last = alternativesMax - 1;

describe("alternatives that are lists of values", () => {
  test("are looked up, however many there are", () => {
    const items = numbers(4_000).map((index) => `v${index % alternativesMax}`);
    for (const keyword of ["anyOf", "oneOf"]) {
      const one = leaf({ type: "array", items: { [keyword]: numbers(alternativesMax).map((index) => ({ const: `v${index}` })) } });
      expect(one.validate(items)).toEqual([]);
      expect(stepsFor(one, items)).toBeLessThanOrEqual(2 * items.length);
    }
  });

  test("count as they would one by one", () => {
    const values = fc.constantFrom<Json>(
      null,
      true,
      0,
      1,
      1.5,
      "a",
      "1",
      '{"a":1}',
      [],
      [1],
      {},
      { a: 1 },
      { a: 1, b: [] },
      { b: [], a: 1 },
    );
    const types = fc.constantFrom("null", "boolean", "integer", "number", "string", "array", "object");
    const alternative = fc
      .record(
        {
          type: fc.oneof(types, fc.uniqueArray(types, { minLength: 1, maxLength: 3 })),
          const: values,
          enum: fc.array(values, { minLength: 1, maxLength: 3 }),
          minimum: fc.constant(1),
        },
        { requiredKeys: [] },
      )
      .map((schema) => schema as Record<string, Json>);
    const isType = (value: Json, type: Json | undefined): boolean =>
      type === undefined ||
      (Array.isArray(type) ? type : [type]).some(
        (name) =>
          (name === "integer" && Number.isInteger(value)) ||
          name === (value === null ? "null" : Array.isArray(value) ? "array" : typeof value),
      );
    const fits = (schema: Record<string, Json>, value: Json) =>
      isType(value, schema["type"]) &&
      (schema["const"] === undefined || jsonEqual(schema["const"], value)) &&
      (schema["enum"] === undefined || (schema["enum"] as readonly Json[]).some((one) => jsonEqual(one, value))) &&
      (schema["minimum"] === undefined || typeof value !== "number" || value >= 1);
    fc.assert(
      fc.property(fc.array(alternative, { minLength: 1, maxLength: 5 }), values, (alternatives, value) => {
        const matched = alternatives.filter((schema) => fits(schema, value)).length;
        expect(leaf({ anyOf: alternatives }).validate(value).length === 0).toBe(matched > 0);
        expect(leaf({ oneOf: alternatives }).validate(value).length === 0).toBe(matched === 1);
      }),
      { numRuns: 2_000 },
    );
  });

  test("are at most so many in one union", () => {
    const union = (count: number) => compiled({ anyOf: numbers(count).map((index) => ({ const: index })) });
    expect(union(alternativesMax).ok).toBe(true);
    expect(union(alternativesMax + 1)).toMatchObject({
      ok: false,
      issues: [{ key: "app.key", expected: { alternatives: alternativesMax } }],
    });
  });
});

describe("a value that takes too many steps", () => {
  test.each<[string, Json, Json]>([
    ["many alternatives for many items", { type: "array", items: manyRanges }, numbers(4_000).map(() => last)],
    ["none of which may fit", { type: "array", items: { not: manyRanges } }, numbers(4_000).map(() => -1)],
    ["a large pattern for a long text", { type: "string", pattern: "(?:[ab]*a.{0,500}){2}[cd]" }, "ab".repeat(5_000)],
    [
      "alternatives that each read the whole value",
      { anyOf: numbers(500).map((index) => ({ type: "array", uniqueItems: true, items: { type: "string", maxLength: index } })) },
      numbers(20_000),
    ],
    [
      "alternatives that each ask for many members",
      {
        anyOf: numbers(500).map((index) => ({
          type: "object",
          required: [...numbers(90).map((name) => `m${name}`), `n${index}`],
          maxProperties: 5,
        })),
      },
      Object.fromEntries(numbers(60_000).map((name) => [`m${name}`, name])),
    ],
  ])("has one issue that says so: %s", (_what, schema, value) => {
    const one = leaf(schema);
    expect(one.validate(value)).toMatchObject([{ severity: "error", code: "validation_timeout", key: "app.key" }]);
    expect(one.validate(value)[0]?.message).toContain(`more than ${validationStepsMax} steps`);
    expect(stepsFor(one, value)).toBe(validationStepsMax);
  });

  test("is none where the value is only large", () => {
    const members = Object.fromEntries(numbers(10_000).map((index) => [`m${index}`, { text: "x".repeat(10), list: [1, 2, 3] }]));
    expect(leaf({ type: "object", additionalProperties: { type: "object" } }).validate(members)).toEqual([]);
    const base64 = leaf({ type: "string", pattern: "^(?:[0-9a-zA-Z+/]{4})*(?:[0-9a-zA-Z+/]{2}==|[0-9a-zA-Z+/]{3}=)?$" });
    expect(base64.validate("abcd".repeat(64 * 1_024))).toEqual([]);
  });

  test("does not tell what a sensitive key held", () => {
    const one = leaf({ type: "array", items: manyRanges, "x-setpoint-sensitive": true });
    const [issue] = one.validate(numbers(4_000).map(() => last));
    expect(issue).toMatchObject({ code: "validation_timeout", received: "(sensitive)" });
  });
});

describe("the values of one request together", () => {
  /** About 1,500,000 steps each. */
  const value = numbers(1_500).map(() => last);
  const schema = (count: number, further: (index: number) => Record<string, Json>): Json => ({
    type: "object",
    $defs: { range: manyRanges },
    properties: Object.fromEntries(
      numbers(count).map((index) => [`k${index}`, { type: "array", items: { $ref: "#/$defs/range" }, ...further(index) }]),
    ),
  });

  test("take no more steps than one batch may", () => {
    const records = new RecordSet([
      { kind: "environment", key: "base", value: {}, revision: 1 },
      { kind: "schema", key: "app", value: schema(20, () => ({})), revision: 1 },
    ]);
    const batch = numbers(20).map((index) => ({ kind: "value", environment: "base", key: `app.k${index}`, value }) as const);
    const plan = (count: number) => planBatch(records, batch.slice(0, count), 2, clientBatchLimits);
    expect(plan(6)).toMatchObject({ ok: true, plan: { issues: [] } });
    const outcome = plan(20);
    expect(outcome.ok && outcome.plan.refusal?.code).toBe("validation_failed");
    expect(outcome.ok && outcome.plan.issues.map(({ code, key }) => `${code} ${key}`)).toEqual(
      numbers(20)
        .slice(6)
        .map((index) => `validation_timeout app.k${index}`),
    );
  });

  test("take no more steps when a new schema looks at what is stored", () => {
    const records = new RecordSet([
      { kind: "environment", key: "base", value: {}, revision: 1 },
      { kind: "schema", key: "app", value: schema(20, () => ({})), revision: 1 },
      ...numbers(20).map(
        (index) => ({ kind: "value", environment: "base", layer: "stored", key: `app.k${index}`, value, revision: 1 }) as const,
      ),
    ]);
    const batch = [{ kind: "schema", key: "app", value: schema(20, () => ({ maxItems: 2_000 })) } as const];
    const outcome = planBatch(records, batch, 2, clientBatchLimits);
    expect(outcome.ok && outcome.plan.issues.map(({ code }) => code)).toEqual(numbers(14).map(() => "validation_timeout"));
  });

  test("take no more steps as defaults of one schema", () => {
    const registered = (count: number) =>
      compileSchema(
        "app",
        schema(count, () => ({ default: value })),
      );
    expect(registered(6).ok).toBe(true);
    const refused = registered(20);
    expect(!refused.ok && refused.issues.map(({ key }) => key)).toEqual(
      numbers(20)
        .slice(6)
        .map((index) => `app.k${index}`),
    );
    expect(!refused.ok && refused.issues[0]?.message).toContain(`together more than ${validationStepsTotalMax}`);
  });
});
