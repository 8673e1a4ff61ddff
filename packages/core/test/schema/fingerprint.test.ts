import { expect, test } from "vitest";
import { z } from "zod";
import { defineSchema } from "../../src/index.ts";
import { modelOf } from "./compiled.ts";

const base = {
  type: "object",
  properties: {
    port: { type: "integer", minimum: 1, maximum: 10, default: 8 },
    mode: { type: ["string", "null"], enum: ["a", "b", null] },
    list: { type: "array", items: { type: "object", properties: { a: { type: "integer" } }, required: ["a"] } },
    any: { anyOf: [{ type: "integer", minimum: 3 }, { type: "string" }] },
  },
  required: ["mode", "list"],
} as const;

const printOf = (document: unknown, namespace = "app") => modelOf(document, namespace).fingerprint;
const withPort = (port: object) => ({ ...base, properties: { ...base.properties, port } });

test("a fingerprint is 16 hex", () => {
  expect(printOf(base)).toMatch(/^[0-9a-f]{16}$/);
});

test.each<[string, unknown]>([
  [
    "members in another order",
    { required: ["list", "mode"], properties: Object.fromEntries(Object.entries(base.properties).toReversed()), type: "object" },
  ],
  [
    "texts",
    withPort({
      ...base.properties.port,
      title: "t",
      description: "d",
      examples: [1],
      $comment: "c",
      deprecated: true,
      "x-setpoint-impact": "i",
      "x-setpoint-unit": "u",
      "x-setpoint-owner": "o",
    }),
  ],
  ["the dialect named", { ...base, $schema: "https://json-schema.org/draft/2020-12/schema", $id: "x", title: "t", "x-setpoint-rules": [] }],
  ["metadata at their defaults", withPort({ ...base.properties.port, "x-setpoint-client": false, "x-setpoint-effect": "live" })],
  [
    "a reference instead of the text",
    { ...withPort({ $ref: "#/$defs/port" }), $defs: { port: base.properties.port, unused: { type: "string" } } },
  ],
  [
    "types and values in another order",
    { ...base, properties: { ...base.properties, mode: { enum: [null, "b", "a"], type: ["null", "string"] } } },
  ],
  [
    "alternatives in another order",
    { ...base, properties: { ...base.properties, any: { anyOf: base.properties.any.anyOf.toReversed() } } },
  ],
  ["no additional members said at a branch", { ...base, additionalProperties: false }],
  [
    "constraints that every value fulfils",
    { ...base, properties: { ...base.properties, list: { ...base.properties.list, minItems: 0, uniqueItems: false } } },
  ],
])("%s: the same fingerprint", (_, document) => {
  expect(printOf(document)).toBe(printOf(base));
});

test.each<[string, unknown]>([
  ["a bound", withPort({ type: "integer", minimum: 1, maximum: 11, default: 8 })],
  ["a default", withPort({ type: "integer", minimum: 1, maximum: 10, default: 9 })],
  ["no default", withPort({ type: "integer", minimum: 1, maximum: 10 })],
  ["a type", withPort({ type: "number", minimum: 1, maximum: 10, default: 8 })],
  ["client", withPort({ ...base.properties.port, "x-setpoint-client": true })],
  ["sensitive", withPort({ ...base.properties.port, "x-setpoint-sensitive": true })],
  ["userEditable", withPort({ ...base.properties.port, "x-setpoint-user-editable": true })],
  ["effect", withPort({ ...base.properties.port, "x-setpoint-effect": "restart" })],
  ["another key", { ...base, properties: { ...base.properties, more: true } }],
  ["a required key", { ...base, required: ["mode", "list", "any"] }],
  [
    "a constraint deep inside",
    {
      ...base,
      properties: { ...base.properties, list: { type: "array", items: { type: "object", properties: { a: { type: "integer" } } } } },
    },
  ],
  ["the values of an enum", { ...base, properties: { ...base.properties, mode: { type: ["string", "null"], enum: ["a", "c", null] } } }],
])("%s: another fingerprint", (_, document) => {
  expect(printOf(document)).not.toBe(printOf(base));
});

test("a map of keys and a map as a value differ, and so do their entries", () => {
  const map = (further: object) => ({
    type: "object",
    properties: { m: { type: "object", additionalProperties: { type: "integer" }, ...further } },
  });
  expect(printOf(map({}))).not.toBe(printOf(map({ "x-setpoint-entries": "keys" })));
  expect(printOf(map({ "x-setpoint-entries": "keys" }))).not.toBe(
    printOf(map({ "x-setpoint-entries": "keys", additionalProperties: { type: "string" } })),
  );
});

test("what zod adds on its own does not count", () => {
  const written = {
    type: "object",
    properties: { n: { type: "integer", default: 1 }, s: { type: ["string", "null"] }, id: { type: "string", format: "uuid" } },
    required: ["id"],
  };
  const authored = defineSchema(z.object({ id: z.uuid(), s: z.string().nullable().optional(), n: z.int().default(1) }));
  expect(printOf(authored.document)).toBe(printOf(written));
  expect(printOf(defineSchema(z.object({ n: z.int().min(-9007199254740990) })).document)).not.toBe(
    printOf(defineSchema(z.object({ n: z.int() })).document),
  );
});

test("large shared definitions keep the fingerprint bounded", () => {
  const values = Array.from({ length: 2_000 }, (_, n) => `value-${n}`);
  const keys = Array.from({ length: 5_000 }, (_, n) => [`k${n}`, { $ref: "#/$defs/e" }]);
  const document = (list: readonly string[]) => ({ type: "object", properties: Object.fromEntries(keys), $defs: { e: { enum: list } } });
  expect(printOf(document(values))).toBe(printOf(document(values.toReversed())));
  expect(printOf(document(values))).not.toBe(printOf(document([...values, "more"])));
});
