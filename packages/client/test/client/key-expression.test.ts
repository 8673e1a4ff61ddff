import { keyMatcher } from "@setpoint/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { keyExpression } from "../../src/key-expression.ts";

test("a pattern means the same here as everywhere else", () => {
  const part = fc.constantFrom("a", "b", "a-b", "ab", "*", "**");
  const segment = fc.constantFrom("a", "b", "a-b", "ab", "c");
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), fc.array(segment, { minLength: 1, maxLength: 6 }), (parts, segments) => {
      const key = segments.join(".");
      const pattern = parts.join(".");
      expect(keyExpression(pattern).test(`${key}.`)).toBe(keyMatcher(pattern)?.(key));
    }),
    { numRuns: 2_000 },
  );
});
