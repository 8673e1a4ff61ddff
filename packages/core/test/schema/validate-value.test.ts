import { expect, test } from "vitest";
import { jsonDepthMax, parseJson, type Json } from "../../src/index.ts";
import { issuesOf } from "./compiled.ts";

const messages = (schema: Json, value: unknown) => issuesOf(schema, value).map(({ message }) => message);

test.each<[Json, Json, string, string]>([
  [{ type: "integer", minimum: 1, maximum: 64 }, 65, "constraint_violation", "must be an integer between 1 and 64"],
  [{ type: "integer", minimum: 1, maximum: 64 }, "x", "invalid_parameter_type", "must be an integer between 1 and 64"],
  [{ type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER }, 0, "constraint_violation", "must be an integer of at least 1"],
  [{ type: "integer" }, 1.5, "invalid_parameter_type", "must be an integer"],
  [{ type: "number", exclusiveMinimum: 0, maximum: 1 }, 0, "constraint_violation", "must be a number greater than 0 and at most 1"],
  [{ type: "number", exclusiveMaximum: 1 }, 1, "constraint_violation", "must be a number less than 1"],
  [{ type: "number", maximum: 1 }, 2, "constraint_violation", "must be a number of at most 1"],
  [{ type: "number", multipleOf: 0.5 }, 0.7, "constraint_violation", "must be a multiple of 0.5"],
  [{ type: "string", minLength: 1, maxLength: 20 }, "", "constraint_violation", "must be a text of 1 to 20 characters"],
  [{ type: "string", enum: ["a", "b"] }, "c", "constraint_violation", 'must be one of "a", "b"'],
  [{ type: "string", enum: ["a", "b"] }, 1, "invalid_parameter_type", 'must be one of "a", "b"'],
  [{ type: "string", format: "email" }, "x", "constraint_violation", "must be an e-mail address"],
  [{ type: "boolean" }, 1, "invalid_parameter_type", "must be true or false"],
  [{ anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }] }, 0, "constraint_violation", "must be an integer of at least 1 or null"],
  [
    { anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }] },
    "x",
    "invalid_parameter_type",
    "must be an integer of at least 1 or null",
  ],
  [{ type: "array", minItems: 1 }, [], "constraint_violation", "must have at least 1 item"],
  [{ type: "array", uniqueItems: true }, [1, 2, 1], "constraint_violation", "must have different items, but items 0 and 2 are equal"],
  [
    { type: "array", items: { type: "object", properties: { port: { type: "integer" } } } },
    [{}, { port: "x" }],
    "invalid_parameter_type",
    "/1/port must be an integer",
  ],
  [{ type: "object", additionalProperties: { type: "integer" } }, { "a/b": "x" }, "invalid_parameter_type", "/a~1b must be an integer"],
  [
    { type: ["object", "null"], properties: { a: true }, additionalProperties: false },
    { b: 1 },
    "constraint_violation",
    'may not have the member "b"',
  ],
  [{ type: ["object", "null"], properties: { a: true }, required: ["a"] }, {}, "constraint_violation", 'must have the member "a"'],
  [
    { type: "object", propertyNames: { maxLength: 1 } },
    { ab: 1 },
    "constraint_violation",
    'has the member name "ab", which must be a text of at most 1 character',
  ],
])("%j refuses %j with %s", (schema, value, code, message) => {
  expect(issuesOf(schema, value)).toMatchObject([{ severity: "error", code, key: "app.it", environment: "", message, suggestions: [] }]);
});

test("an issue says what was expected and what was received", () => {
  expect(issuesOf({ type: "integer", minimum: 1, maximum: 64, description: "x" }, 65)[0]).toMatchObject({
    expected: { type: "integer", minimum: 1, maximum: 64 },
    received: 65,
  });
  expect(issuesOf({ type: "array", items: { type: "integer" } }, [1, "x"])[0]).toMatchObject({
    expected: { type: "integer" },
    received: "x",
  });
  expect(issuesOf({ type: "integer" }, "x".repeat(10_000))[0]?.received).toMatch(/too large|characters/);
});

test("of several alternatives the one that is meant is told about", () => {
  const shape = (kind: string, member: Json) => ({
    type: "object",
    properties: { kind: { const: kind }, size: member },
    required: ["kind", "size"],
  });
  const schema = { oneOf: [shape("circle", { type: "integer" }), shape("square", { type: "string" })] };
  expect(messages(schema, { kind: "circle", size: "x" })).toEqual(["/size must be an integer"]);
  expect(messages(schema, { kind: "other" })).toEqual(["must match one of the 2 alternatives for an object"]);
  expect(messages({ oneOf: [{ type: "integer" }, { type: "number" }] }, 1)).toEqual([
    "must match exactly one of the alternatives, but matches several",
  ]);
});

test("all violations of a value are reported, but at most 20", () => {
  expect(messages({ type: "string", minLength: 5, pattern: "^b", format: "email" }, "a")).toHaveLength(3);
  expect(messages({ type: "array", items: { type: "integer" } }, ["a", 1, "b"])).toEqual([
    "/0 must be an integer",
    "/2 must be an integer",
  ]);
  expect(messages({ type: "array", items: { type: "integer" } }, Array.from({ length: 1_000 }, String))).toHaveLength(20);
  expect(
    messages({ type: "object", propertyNames: { maxLength: 0 } }, Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`n${n}`, n]))),
  ).toHaveLength(20);
});

test("names of Object.prototype are members like any other", () => {
  const schema = {
    type: ["object", "null"],
    properties: { constructor: { type: "integer" }, toString: { type: "integer" } },
    required: ["constructor", "valueOf"],
    additionalProperties: { type: "string" },
  };
  expect(messages(schema, {})).toEqual(['must have the members "constructor", "valueOf"']);
  expect(messages(schema, { constructor: 1, valueOf: "x", toString: 2 })).toEqual([]);
  expect(messages(schema, { constructor: "x", valueOf: 1 })).toHaveLength(2);
  const own = JSON.parse('{"__proto__": 1}') as Json;
  expect(messages({ type: "object", additionalProperties: { type: "string" } }, own)).toEqual(["/__proto__ must be a text"]);
  expect(messages({ type: "object", maxProperties: 0 }, own)).toHaveLength(1);
  expect(messages({ enum: [{}] }, own)).toHaveLength(1);
  expect(messages({ type: "object", required: ["__proto__"] }, {})).toHaveLength(1);
  const declared = JSON.parse(
    '{"type":["object","null"],"properties":{"__proto__":{"type":"integer"}},"additionalProperties":false}',
  ) as Json;
  expect(messages(declared, own)).toEqual([]);
});

test("no value makes validate throw", () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  const tree: Record<string, unknown> = {};
  Object.assign(tree, { a: tree, b: tree });
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level += 1) deep = [deep];
  for (const value of [
    undefined,
    Number.NaN,
    Infinity,
    1n,
    Symbol("x"),
    () => 1,
    new Date(0),
    new Map(),
    [undefined],
    { a: undefined },
    cyclic,
    tree,
    deep,
  ]) {
    const issues = issuesOf(true, value);
    expect(issues).toHaveLength(1);
    expect(() => JSON.stringify(issues)).not.toThrow();
  }
});

test("a value may be as deep as the wire allows, but no deeper", () => {
  const nested = (levels: number) => parseJson("[".repeat(levels) + "]".repeat(levels));
  const deepest = nested(jsonDepthMax);
  expect(deepest.ok && messages(true, deepest.value)).toEqual([]);
  expect(deepest.ok && messages(true, [deepest.value])).toEqual([`must not be deeper than ${jsonDepthMax} levels`]);
});

test("issues of a sensitive key show nothing of its value", () => {
  const secret = "hunter2-secret";
  const schemas: readonly Json[] = [
    { type: "integer" },
    { type: "string", maxLength: 3 },
    { type: "object", additionalProperties: { type: "integer" } },
    { type: "array", uniqueItems: true },
  ];
  const values: readonly Json[] = [secret, { [secret]: secret }, [secret, secret]];
  for (const schema of schemas) {
    for (const value of values) {
      const text = JSON.stringify(issuesOf({ ...(schema as object), "x-setpoint-sensitive": true }, value));
      expect(text).not.toContain(secret);
    }
  }
});

test("large values are validated in time linear in their size", () => {
  const text = "a".repeat(200_000);
  expect(messages({ pattern: "^(a+)+$" }, `${text}!`)).toHaveLength(1);
  expect(messages({ pattern: "(x+x+)+y" }, "x".repeat(200_000))).toHaveLength(1);
  expect(
    messages(
      { uniqueItems: true },
      Array.from({ length: 50_000 }, (_, n) => ({ n })),
    ),
  ).toEqual([]);
  let schema: Json = { type: "string" };
  for (let level = 0; level < 9; level += 1)
    schema = {
      anyOf: [
        { type: "array", items: schema },
        { type: "array", items: schema, maxItems: 1 },
      ],
    };
  const nested = JSON.parse(`${"[".repeat(9)}1${"]".repeat(9)}`) as Json;
  expect(messages(schema, nested)).toHaveLength(1);
});
