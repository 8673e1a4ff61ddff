import { describe, expect, test } from "vitest";
import type { Json } from "../../src/index.ts";
import { issuesOf, modelOf, refusalsOf } from "./compiled.ts";

/** Keyword by keyword: the schema, values that fulfil it, values that do not. */
const enforced: readonly [Json, readonly Json[], readonly Json[]][] = [
  [{ type: "null" }, [null], [0, "", false]],
  [{ type: "boolean" }, [true, false], [0, "true", null]],
  [{ type: "integer" }, [0, -3, 1.0, 1e300], [1.5, "1", null]],
  [{ type: "number" }, [0, 1.5, -0, 1e300], ["1", true]],
  [{ type: "string" }, ["", "x"], [1, null, []]],
  [{ type: "array" }, [[], [1]], [{}, "[]", null]],
  [{ type: "object" }, [{}, { a: 1 }], [[], null, "{}"]],
  [{ type: ["integer", "null"] }, [1, null], [1.5, "x"]],
  [{ enum: [1, "1", { a: [1] }, null] }, [1, "1", { a: [1] }, null], [true, { a: 1 }, "null", [1]]],
  [{ const: { a: 1, b: 2 } }, [{ b: 2, a: 1 }], [{ a: 1 }, null]],
  [{ const: false }, [false], [0, null, ""]],
  [{ minimum: 1 }, [1, 2, "x"], [0.999, -1]],
  [{ maximum: 1 }, [1, -2, "x"], [1.001]],
  [{ exclusiveMinimum: 1 }, [1.0001, "x"], [1, 0]],
  [{ exclusiveMaximum: 1 }, [0.999, "x"], [1, 2]],
  [{ multipleOf: 0.1 }, [0.3, 0.7, 1.1, 0, -0.3, 1e300, 123456789.1], [0.35, 0.30000000000000004]],
  [{ multipleOf: 0.01 }, [19.99, 4.35, 1.15], [19.999]],
  [{ multipleOf: 3 }, [9, 0, -6, 9007199254740990], [1, 1.5, 9007199254740991]],
  [{ multipleOf: 1e-300 }, [1, 5e-300], [5e-301, 1e-320]],
  [{ minLength: 2 }, ["ab", "😀😀", 1], ["a", "😀"]],
  [{ maxLength: 2 }, ["ab", "😀😀", 1], ["abc", "😀😀😀"]],
  [{ pattern: "^[a-z]+$" }, ["abc", 1], ["abC", "abc\n", ""]],
  [{ pattern: "b" }, ["abc"], ["ac"]],
  [{ items: { type: "integer" } }, [[], [1, 2], "x"], [[1, "2"]]],
  [{ prefixItems: [{ type: "integer" }], items: false }, [[], [1]], [["x"], [1, 2]]],
  [{ prefixItems: [{ type: "integer" }], items: { type: "string" } }, [[1, "a", "b"]], [[1, 2], ["a"]]],
  [{ minItems: 1 }, [[1], {}], [[]]],
  [{ maxItems: 1 }, [[], [1]], [[1, 2]]],
  [
    { uniqueItems: true },
    [[1, "1", true, [1], { a: 1 }]],
    [
      [1, 1.0],
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      [0, -0],
    ],
  ],
  [{ items: { properties: { a: { type: "integer" } }, required: ["a"] } }, [[{ a: 1, b: 2 }]], [[{ a: "1" }], [{}]]],
  [{ items: { properties: { a: true }, additionalProperties: false } }, [[{ a: 1 }]], [[{ b: 1 }]]],
  [{ additionalProperties: { type: "integer" } }, [{}, { a: 1 }], [{ a: "x" }]],
  [{ additionalProperties: false }, [{}], [{ a: 1 }]],
  [{ minProperties: 1 }, [{ a: 1 }, []], [{}]],
  [{ maxProperties: 1 }, [{}, { a: 1 }], [{ a: 1, b: 2 }]],
  [{ propertyNames: { maxLength: 1 } }, [{ a: 1 }], [{ ab: 1 }]],
  [{ required: [""] }, [{ "": 1 }], [{}]],
  [{ anyOf: [{ type: "integer" }, { minLength: 2 }] }, [1, "ab", true], ["a"]],
  [{ oneOf: [{ type: "integer" }, { minimum: 2 }] }, [1, 2.5, "x"], [3, 1.5]],
  [{ allOf: [{ minimum: 1 }, { maximum: 2 }] }, [1, 2], [0, 3]],
  [{ not: { type: "string" } }, [1, null], ["x"]],
  [true, [null, {}, [1]], []],
  [false, [], [null, {}, 1]],
];

test.each(enforced.map(([schema, valid, invalid]) => ({ schema, valid, invalid })))(
  "$schema is enforced exactly",
  ({ schema, valid, invalid }) => {
    for (const value of valid) expect({ value, issues: issuesOf(schema, value) }).toEqual({ value, issues: [] });
    for (const value of invalid) expect({ value, isRefused: issuesOf(schema, value).length > 0 }).toEqual({ value, isRefused: true });
  },
);

const formats: Readonly<Record<string, readonly [readonly string[], readonly string[]]>> = {
  "date-time": [
    ["2026-02-28T09:30:00Z", "2024-02-29t09:30:00.123+05:30", "1990-12-31T23:59:60Z", "1990-12-31T15:59:60-08:00"],
    [
      "2026-02-29T09:30:00Z",
      "2026-02-28 09:30:00Z",
      "2026-02-28T09:30:00",
      "2026-02-28T24:00:00Z",
      "1990-12-31T22:59:60Z",
      "2026-02-28T09:30:00+24:00",
    ],
  ],
  date: [
    ["2026-12-31", "2000-02-29"],
    ["1900-02-29", "2026-13-01", "2026-1-1", "2026-00-10", "2026-04-31", "26-01-01"],
  ],
  time: [
    ["09:30:00Z", "23:59:59.999-00:00"],
    ["09:30:00", "9:30:00Z", "09:60:00Z", "09:30Z"],
  ],
  duration: [
    ["P1Y2M3DT4H5M6S", "PT15M", "P2W", "P0D"],
    ["P", "PT", "P1S", "1D", "P1W2D", "PT1D", "P1D2Y", "-P1D"],
  ],
  email: [
    ["me@example.com", "a.b+c@x-y.example.org"],
    [
      "me",
      "me@",
      "@example.com",
      "a..b@example.com",
      ".a@example.com",
      "me@example",
      "me@-x.com",
      "a b@example.com",
      `${"a".repeat(65)}@example.com`,
    ],
  ],
  hostname: [
    ["example.com", "a", "x--y.z9", "a".repeat(63)],
    ["", "-a", "a-", "a..b", "a.", "a_b", "a".repeat(64), `${"a.".repeat(126)}aa`],
  ],
  ipv4: [
    ["0.0.0.0", "255.255.255.255"],
    ["256.0.0.1", "1.2.3", "01.2.3.4", "1.2.3.4.5", "1.2.3.4 "],
  ],
  ipv6: [
    ["::", "::1", "1::", "2001:db8::8a2e:370:7334", "::ffff:10.0.0.1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4"],
    [":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "fe80::1%eth0", "::1.2.3", "1.2.3.4::", "1:2:3:4::5:6:7:8"],
  ],
  uri: [
    ["https://example.com/a/b?c=d#e", "urn:isbn:123", "mailto:me@example.com", "http://[::1]:8080/", "http://user:pw@host:1/", "a:"],
    [
      "example.com",
      "//example.com",
      "https://a b",
      "http://[::1",
      "http://x/%zz",
      "http://x/#a#b",
      "http://a:b:c/",
      "1http://x",
      "http://x/\\",
    ],
  ],
  uuid: [
    ["0f3a2c1e-1111-4222-8333-123456789abc", "00000000-0000-0000-0000-000000000000"],
    ["0f3a2c1e11114222833312345678 9abc", "{0f3a2c1e-1111-4222-8333-123456789abc}", "0f3a2c1e-1111-4222-8333-123456789abg"],
  ],
};

test.each(Object.entries(formats))("format %s is an assertion on strings", (format, [valid, invalid]) => {
  for (const value of valid) expect({ value, issues: issuesOf({ format }, value) }).toEqual({ value, issues: [] });
  for (const value of invalid) expect({ value, isRefused: issuesOf({ format }, value).length }).toEqual({ value, isRefused: 1 });
  expect(issuesOf({ format }, 5)).toEqual([]);
});

test("formats stay fast on hostile text", () => {
  for (const format of Object.keys(formats)) {
    for (const text of ["a", "1", ":", "a.", "%41", "P1", "a@", "1:"].map((part) => part.repeat(50_000))) {
      expect(issuesOf({ format }, text).length).toBe(format === "uri" && text.startsWith("a:") ? 0 : 1);
    }
  }
});

const leaf = { type: "object", properties: { it: { type: "string" } } } as const;
const unsupported = [
  "$anchor",
  "$dynamicRef",
  "$dynamicAnchor",
  "$vocabulary",
  "if",
  "then",
  "else",
  "dependentSchemas",
  "dependentRequired",
  "contains",
  "minContains",
  "maxContains",
  "patternProperties",
  "unevaluatedItems",
  "unevaluatedProperties",
  "contentEncoding",
  "contentMediaType",
  "contentSchema",
  "definitions",
  "dependencies",
  "additionalItems",
  "$recursiveRef",
  "nullable",
  "constructor",
  "toString",
  "x-other",
  "x-setpoint-other",
  "minlength",
] as const;

describe.each(unsupported)("the keyword %s", (keyword) => {
  test.each([
    ["the root", { ...leaf, [keyword]: {} }, "app"],
    ["a leaf", { type: "object", properties: { a: { type: "object", properties: { it: { [keyword]: {} } } } } }, "app.a.it"],
    ["a value", { type: "object", properties: { it: { type: "array", items: { [keyword]: true } } } }, "app.it"],
    ["a definition", { ...leaf, $defs: { unused: { [keyword]: 1 } } }, "app"],
  ] as const)("is refused by name at %s", (_, document, key) => {
    const [issue] = refusalsOf(document);
    expect(issue).toMatchObject({ severity: "error", code: "constraint_violation", key, environment: "", suggestions: [] });
    expect(issue?.message).toContain(`"${keyword}"`);
    expect(issue?.message).toContain("not supported");
  });
});

test.each([
  ["type", "date"],
  ["type", []],
  ["type", ["string", "string"]],
  ["type", 1],
  ["enum", []],
  ["enum", "a"],
  ["minimum", "1"],
  ["multipleOf", 0],
  ["multipleOf", -1],
  ["minLength", -1],
  ["minLength", 1.5],
  ["maxItems", "1"],
  ["pattern", 1],
  ["pattern", "["],
  ["pattern", "(?=a)"],
  ["pattern", "(a)\\1"],
  ["pattern", "a{1001}"],
  ["pattern", "((a?){1,30}){1,33}x((a?){1,30}){1,33}"],
  ["pattern", "a".repeat(2_049)],
  ["format", "regex"],
  ["format", "constructor"],
  ["format", 1],
  ["items", 1],
  ["items", [{}]],
  ["prefixItems", []],
  ["anyOf", []],
  ["oneOf", {}],
  ["allOf", [1]],
  ["not", "x"],
  ["uniqueItems", 1],
  ["required", ["a", "a"]],
  ["required", true],
  ["properties", []],
  ["additionalProperties", null],
  ["title", 1],
  ["description", {}],
  ["examples", {}],
  ["deprecated", "yes"],
  ["$comment", 1],
  ["x-setpoint-client", "yes"],
  ["x-setpoint-effect", "reload"],
  ["x-setpoint-entries", "values"],
  ["x-setpoint-unit", 1],
  ["$ref", "#"],
  ["$ref", "https://example.com/x"],
  ["$ref", "#/$defs/none"],
  ["$ref", "#/properties/it"],
] as const)("%s: %j is refused at registration", (keyword, value) => {
  const [issue] = refusalsOf({ type: "object", properties: { it: { [keyword]: value } } });
  expect(issue?.key).toBe("app.it");
  expect(issue?.message).toContain(keyword);
  expect(issue?.message).toContain("/properties/it");
});

test("the dialect may be named, but no other one", () => {
  expect(modelOf({ ...leaf, $schema: "https://json-schema.org/draft/2020-12/schema" }).leaves.size).toBe(1);
  expect(refusalsOf({ ...leaf, $schema: "http://json-schema.org/draft-07/schema#" })[0]?.message).toContain("2020-12");
  for (const keyword of ["$schema", "$id", "$defs", "x-setpoint-rules"]) {
    const value = keyword === "$defs" ? {} : keyword === "x-setpoint-rules" ? [] : "https://json-schema.org/draft/2020-12/schema";
    expect(refusalsOf({ type: "object", properties: { it: { [keyword]: value } } })[0]?.message).toContain("root only");
  }
});

test("rules are accepted as an empty list only", () => {
  expect(modelOf({ ...leaf, "x-setpoint-rules": [] }).leaves.size).toBe(1);
  expect(refusalsOf({ ...leaf, "x-setpoint-rules": [{ expression: "true" }] })[0]?.message).toContain("not available yet");
});

test("local references are followed, circular ones refused", () => {
  const port = { type: "integer", minimum: 1, maximum: 65535, default: 80, description: "TCP" };
  const model = modelOf({
    type: "object",
    properties: { a: { $ref: "#/$defs/port" }, b: { $ref: "#/$defs/port", default: 443, minimum: 400 }, server: { $ref: "#/$defs/a~1b" } },
    $defs: { port, "a/b": { type: "object", properties: { host: { type: "string" }, port: { $ref: "#/$defs/port" } } } },
  });
  expect([...model.leaves.keys()]).toEqual(["app.a", "app.b", "app.server.host", "app.server.port"]);
  expect(model.leaves.get("app.a")).toMatchObject({ default: 80, metadata: { description: "TCP" } });
  expect(model.leaves.get("app.b")?.default).toBe(443);
  expect(model.leaves.get("app.b")?.validate(80).length).toBe(1);
  expect(model.leaves.get("app.b")?.validate(70_000).length).toBe(1);
  expect(model.isBranch("app.server")).toBe(true);
  const circular = {
    type: "object",
    properties: { it: { $ref: "#/$defs/list" } },
    $defs: { list: { type: "array", items: { $ref: "#/$defs/list" } } },
  };
  expect(refusalsOf(circular).map(({ code }) => code)).toContain("circular_dependency");
  expect(refusalsOf({ $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/a" } } })[0]?.code).toBe("circular_dependency");
});

test("references that multiply or chain without bound are refused", () => {
  const doubling = Object.fromEntries(
    Array.from({ length: 20 }, (_, n) => [
      `d${n}`,
      n === 19 ? {} : { anyOf: [{ $ref: `#/$defs/d${n + 1}` }, { $ref: `#/$defs/d${n + 1}` }] },
    ]),
  );
  expect(refusalsOf({ type: "object", properties: { it: { $ref: "#/$defs/d0" } }, $defs: doubling })[0]?.message).toContain("subschemas");
  const chain = Object.fromEntries(Array.from({ length: 9_000 }, (_, n) => [`d${n}`, n === 8_999 ? {} : { $ref: `#/$defs/d${n + 1}` }]));
  expect(refusalsOf({ type: "object", properties: { it: { $ref: "#/$defs/d0" } }, $defs: chain })[0]?.message).toContain("deeper than");
});
