import { expect, test } from "vitest";
import { isSameSelection } from "../src/same-selection.ts";

test.each([
  [{ a: [1, { b: null }] }, { a: [1, { b: null }] }],
  [
    { a: 1, b: 2 },
    { b: 2, a: 1 },
  ],
  [[], []],
  [NaN, NaN],
])("%j is what %j is", (before, after) => {
  expect(isSameSelection(before, after)).toBe(true);
});

test.each([
  [{ a: 1 }, { a: 2 }],
  [{ a: undefined }, { b: undefined }],
  [{ a: 1 }, { a: 1, b: 1 }],
  [[1], { 0: 1 }],
  [null, {}],
  [0, -0],
  [new Map([["a", 1]]), new Map([["b", 2]])],
  [new Date(0), new Date(1)],
  [() => 1, () => 1],
])("%s is not what %s is", (before, after) => {
  expect(isSameSelection(before, after)).toBe(false);
});
