import { expect, test } from "vitest";
import { escapeTerminal, safeJson } from "../src/escape-terminal.ts";

test("a title, a clipboard write and a colour become text", () => {
  expect(escapeTerminal("\u001b]0;owned\u0007")).toBe("\\u001b]0;owned\\u0007");
  expect(escapeTerminal("\u009b31mred")).toBe("\\u009b31mred");
  expect(escapeTerminal("a\u202ecba\u202c")).toBe("a\\u202ecba\\u202c");
  expect(escapeTerminal("one\ntwo")).toBe("one\\ntwo");
  expect(escapeTerminal("one\ntwo", "\n")).toBe("one\ntwo");
});

const everyUnit = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit));

test("no character that a terminal obeys is left, of all there are", () => {
  expect(everyUnit.map((unit) => escapeTerminal(unit)).join("")).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  expect(escapeTerminal("Grüße, 日本語, 👩‍💻")).toBe("Grüße, 日本語, 👩‍💻");
});

test("JSON stays the same value", () => {
  const value = { text: everyUnit.join(""), nested: [{ "\u009b": null }] };
  expect(JSON.parse(safeJson(value))).toEqual(value);
  expect(JSON.parse(safeJson(value, 2))).toEqual(value);
});
