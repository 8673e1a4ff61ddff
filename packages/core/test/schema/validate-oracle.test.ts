import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/index.ts";
import { issuesOf } from "./compiled.ts";

const ajv = new Ajv2020({ strict: false, allErrors: false, ownProperties: true, validateSchema: true });
addFormats.default(ajv);

// "constructor", "toString" and "valueOf" trip the other validator's comparison of objects, "" its `required`; validate-value.test.ts has them.
const names = ["a", "b", "hasOwnProperty", "isPrototypeOf", "a/b", "a~b"] as const;
const name = fc.constantFrom(...names);
const texts = fc.constantFrom(
  "",
  "a",
  "ab",
  "abc",
  "a1",
  "😀",
  "😀😀",
  "\ud83d",
  "2026-02-28",
  "2026-02-30",
  "09:30:00Z",
  "2026-02-28T09:30:00Z",
  "2026-02-28T09:30:00",
  "PT5M",
  "P",
  "P1W2D",
  "me@example.com",
  "me@",
  "example.com",
  "-x.com",
  "10.0.0.1",
  "10.0.0.256",
  "::1",
  "1::2::3",
  "::ffff:10.0.0.1",
  "https://example.com/a?b#c",
  "not a uri",
  "0f3a2c1e-1111-4222-8333-123456789abc",
);
const numbers = fc.oneof(
  fc.integer({ min: -6, max: 6 }),
  fc.integer({ min: -12, max: 12 }).map((n) => n / 4),
  fc.constantFrom(0.5, 2 ** 52, -0),
);
const scalar: fc.Arbitrary<Json> = fc.oneof(fc.constant(null), fc.boolean(), numbers, texts);
const value: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(name, tie("value"), { maxKeys: 4 }).map((object) => ({ ...object })),
  ),
})).value;

const count = fc.integer({ min: 0, max: 3 });
const type = fc.constantFrom("null", "boolean", "integer", "number", "string", "array", "object");
const pattern = fc.constantFrom("^a", "b$", "^[a-z]+$", "[0-9]", "^a|b$", "^.$", "\\d\\d:\\d\\d", "^(ab)*c?$");
const format = fc.constantFrom("date-time", "date", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uri", "uuid");

const typed: fc.Arbitrary<Json> = fc.record({ type, minimum: numbers, maxLength: count, pattern, format }, { requiredKeys: ["type"] });

/** Keywords with their shapes; a schema is some of them together, also where they contradict or do not apply. */
const schema: fc.Arbitrary<Json> = fc.letrec<{ schema: Json }>((tie) => {
  const sub = tie("schema");
  const subs = fc.array(sub, { minLength: 1, maxLength: 3 });
  const keywords = {
    type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })),
    enum: fc.array(value, { minLength: 1, maxLength: 4 }),
    const: value,
    minimum: numbers,
    maximum: numbers,
    exclusiveMinimum: numbers,
    exclusiveMaximum: numbers,
    multipleOf: fc.constantFrom(1, 2, 3, 0.5, 0.25),
    minLength: count,
    maxLength: count,
    pattern,
    format,
    items: sub,
    prefixItems: subs,
    minItems: count,
    maxItems: count,
    uniqueItems: fc.boolean(),
    properties: fc.dictionary(name, sub, { maxKeys: 3 }).map((object) => ({ ...object })),
    required: fc.uniqueArray(name, { maxLength: 2 }),
    additionalProperties: sub,
    minProperties: count,
    maxProperties: count,
    propertyNames: sub,
    anyOf: subs,
    oneOf: subs,
    allOf: subs,
    not: sub,
  };
  const chosen = fc
    .subarray(Object.keys(keywords) as (keyof typeof keywords)[], { minLength: 1, maxLength: 4 })
    .chain((some) => fc.record(Object.fromEntries(some.map((keyword) => [keyword, keywords[keyword] as fc.Arbitrary<Json>]))));
  return { schema: fc.oneof({ maxDepth: 4 }, fc.boolean(), typed, chosen) };
}).schema;

/** At a key, a declared object would be a branch; inside a list it is always part of a value. */
function inValue(one: Json): JsonObject {
  return { type: "array", prefixItems: [one] };
}

test("validate and an independent validator agree on random schemas and values", () => {
  let valid = 0;
  let invalid = 0;
  fc.assert(
    fc.property(schema, fc.array(value, { minLength: 1, maxLength: 4 }), (one, values) => {
      const oracle = ajv.compile(inValue(one));
      ajv.removeSchema();
      for (const item of values) {
        const expected = oracle([item]);
        const issues = issuesOf(inValue(one), [item]);
        expect({ one, item, isValid: issues.length === 0 }).toEqual({ one, item, isValid: expected });
        expect(issues.length).toBeLessThanOrEqual(20);
        if (expected) valid += 1;
        else invalid += 1;
      }
    }),
    { numRuns: 4_000 },
  );
  // The comparison would say little if nearly all verdicts were the same.
  expect(Math.min(valid, invalid)).toBeGreaterThan(1_000);
}, 120_000);

test("scalars close to the bounds get the same verdict as from an independent validator", () => {
  const scalars = fc.record(
    {
      type: fc.constantFrom("integer", "number", "string"),
      minimum: numbers,
      maximum: numbers,
      multipleOf: fc.constantFrom(1, 2, 0.25),
      minLength: count,
      maxLength: count,
      pattern,
      format,
    },
    { requiredKeys: ["type"] },
  );
  fc.assert(
    fc.property(scalars, fc.array(fc.oneof(numbers, texts), { minLength: 5, maxLength: 10 }), (one, values) => {
      const oracle = ajv.compile(one);
      ajv.removeSchema();
      for (const item of values)
        expect({ one, item, isValid: issuesOf(one as Json, item).length === 0 }).toEqual({ one, item, isValid: oracle(item) });
    }),
    { numRuns: 1_500 },
  );
}, 120_000);
