import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { suggestionLimits, SuggestionBudget, suggestKey } from "../../src/index.ts";

/** Edits in the plainest way: the whole table. */
function edits(from: string, to: string): number {
  const table: number[][] = [];
  for (let row = 0; row <= from.length; row += 1) {
    table.push([]);
    for (let column = 0; column <= to.length; column += 1) {
      const at = (up: number, left: number) => table[row - up]?.[column - left] ?? Number.POSITIVE_INFINITY;
      const isSwapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const costs = [at(1, 0) + 1, at(0, 1) + 1, at(1, 1) + (from[row - 1] === to[column - 1] ? 0 : 1)];
      if (row > 1 && column > 1 && isSwapped) costs.push(at(2, 2) + 1);
      (table[row] as number[]).push(row === 0 && column === 0 ? 0 : Math.min(...costs));
    }
  }
  return table[from.length]?.[to.length] as number;
}

describe("suggestKey", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 14 });

  test("suggests a single name exactly when it is near enough, and of several the nearest", () => {
    let suggested = 0;
    fc.assert(
      fc.property(letters, fc.array(letters, { minLength: 1, maxLength: 6 }), (given, names) => {
        const allowed = (name: string) => Math.max(1, Math.min(3, Math.floor(name.length / 3)));
        const near = names.filter((name) => edits(given, name) <= allowed(name));
        const found = suggestKey(given, names);
        if (near.length === 0) expect(found).toBeUndefined();
        else {
          suggested += 1;
          expect(near).toContain(found);
          expect(edits(given, found as string)).toBe(Math.min(...near.map((name) => edits(given, name))));
        }
      }),
      { numRuns: 5_000 },
    );
    expect(suggested).toBeGreaterThan(500);
  });

  test.each([
    ["shop.maxItem", ["shop.minItems", "shop.maxItems"], "shop.maxItems"],
    ["shop.MAXITEMS", ["shop.maxItems"], "shop.maxItems"],
    ["shop.deliverry.days", ["shop.delivery.days"], "shop.delivery.days"],
    ["flase", ["true", "false"], "false"],
    ["rf", ["mo", "rg"], "rg"],
    ["rf", ["mo"], undefined],
    ["shop.rf", ["shop.mo"], undefined],
    ["rf.enabled", ["mo.enabled"], undefined],
    ["a", ["b.c"], undefined],
  ])("%s of %j: %s", (given, names, expected) => {
    expect(suggestKey(given, names)).toBe(expected);
  });

  test("computes only what is near the diagonal, and nothing for names of another length", () => {
    const given = "x".repeat(75);
    const budget = new SuggestionBudget();
    suggestKey(given, [`${"x".repeat(74)}y`], budget);
    expect(suggestionLimits.cellsMax - budget.cells).toBeLessThanOrEqual(75 * 7);
    const before = budget.cells;
    suggestKey(given, ["x".repeat(71), "x".repeat(79)], budget);
    expect(budget.cells).toBe(before);
  });

  test("stops when its budget is used up", () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `${"x".repeat(70)}${index}`);
    const budget = new SuggestionBudget();
    for (let search = 0; search < 20; search += 1) suggestKey(`${"x".repeat(70)}abcd`, names, budget);
    expect(budget.cells).toBeGreaterThan(-1_000);
    expect(suggestKey(names[0] as string, names, budget)).toBeUndefined();
  });
});
