import { expect, test } from "vitest";
import { leafSchema, typesOf, valueFromText } from "../src/value-from-text.ts";

const text = new Set(["string"] as const);
const integer = new Set(["integer"] as const);
const either = new Set(["integer", "string"] as const);

test("where the schema wants text, a word is text whatever it looks like", () => {
  expect(valueFromText("25", text)).toEqual({ ok: true, value: "25" });
  expect(valueFromText("true", text)).toEqual({ ok: true, value: "true" });
  expect(valueFromText("Free delivery", text)).toEqual({ ok: true, value: "Free delivery" });
  expect(valueFromText('"quoted"', text)).toEqual({ ok: true, value: "quoted" });
  expect(valueFromText("", text)).toEqual({ ok: true, value: "" });
});

test("where it wants something else, a word is JSON or an error", () => {
  expect(valueFromText("25", integer)).toEqual({ ok: true, value: 25 });
  expect(valueFromText("25x", integer)).toMatchObject({ ok: false });
  expect(valueFromText('"25"', integer), "the daemon says what is wrong with it").toEqual({ ok: true, value: "25" });
  expect(valueFromText("25", either)).toEqual({ ok: true, value: 25 });
  expect(valueFromText("many", either)).toEqual({ ok: true, value: "many" });
});

test("a number that would change silently is not taken for a number", () => {
  expect(valueFromText("9007199254740993", integer)).toMatchObject({ ok: false });
  expect(valueFromText("9007199254740993", text)).toEqual({ ok: true, value: "9007199254740993" });
});

test("without a schema a word is JSON where it can be, else text", () => {
  expect(valueFromText("[1]", undefined)).toEqual({ ok: true, value: [1] });
  expect(valueFromText("[1", undefined)).toEqual({ ok: true, value: "[1" });
});

test("the types of a key are found through nesting, open objects, enums and unions", () => {
  const schema = {
    properties: {
      a: { properties: { b: { type: ["integer", "null"] } } },
      open: { additionalProperties: { enum: ["x", 1] } },
      union: { anyOf: [{ type: "string" }, { type: "boolean" }] },
      any: {},
    },
  };
  const types = (...path: string[]) => [...(typesOf(leafSchema(schema, path)) ?? ["unknown"])];
  expect(types("a", "b")).toEqual(["integer", "null"]);
  expect(types("open", "whatever")).toEqual(["string", "integer", "number"]);
  expect(types("union")).toEqual(["string", "boolean"]);
  expect(types("any")).toEqual(["unknown"]);
  expect(types("nothing", "here")).toEqual(["unknown"]);
  expect(types("constructor")).toEqual(["unknown"]);
});
