import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { keyLimits, keyMatcher, keyRefusal, keysMatcher, nameRefusal, namespaceOf, segmentRefusal } from "../src/index.ts";

describe("the key grammar", () => {
  test.each([
    "a",
    "app.port",
    "A.b-c.d_e",
    "a1.B2",
    "x-y",
    "a_",
    "a-",
    "toString.valueOf",
    "app.constructors",
    Array(16).fill("a").join("."),
    "a".repeat(256),
  ])("%s is a key", (key) => {
    expect(keyRefusal(key)).toBeUndefined();
  });

  test.each<[string, RegExp]>([
    ["", /empty/],
    [".", /empty/],
    ["a.", /empty/],
    [".a", /empty/],
    ["a..b", /empty/],
    ["1a", /start with a letter/],
    ["_a", /start with a letter/],
    ["-a", /start with a letter/],
    ["a b", /letters, digits/],
    ["a/b", /letters, digits/],
    ["ä", /letter/],
    ["a.é", /letter/],
    ["a\n", /letters, digits/],
    ["a.b\n", /letters, digits/],
    ["a*", /letters, digits/],
    ["a__b", /__/],
    ["a.__proto__", /prototype/],
    ["__proto__", /prototype/],
    ["constructor", /prototype/],
    ["a.prototype.b", /prototype/],
    ["a.b__", /__/],
    [Array(17).fill("a").join("."), /16 segments/],
    ["a".repeat(257), /256 characters/],
    [`${"a.".repeat(128)}a`, /256 characters/],
  ])("%j is no key", (key, reason) => {
    expect(keyRefusal(key)).toMatch(reason);
  });

  test("a key is fine exactly when each of its segments is", () => {
    const segment = fc.oneof(
      fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,6}$/),
      fc.constantFrom("", "__proto__", "constructor", "prototype", "a__b", "1", "ä", "a b", "-a"),
    );
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 17 }), (segments) => {
        const isKey = segments.length <= keyLimits.segmentsMax && segments.every((one) => segmentRefusal(one) === undefined);
        expect(keyRefusal(segments.join(".")) === undefined).toBe(isKey);
      }),
    );
  });

  test("a name is one segment of limited length", () => {
    expect(nameRefusal("production-eu")).toBeUndefined();
    expect(nameRefusal("a.b")).toBeDefined();
    expect(nameRefusal("a".repeat(256))).toBeUndefined();
    expect(nameRefusal("a".repeat(257))).toMatch(/256 characters/);
  });

  test("the namespace is the first segment", () => {
    expect(namespaceOf("app.a.b")).toBe("app");
    expect(namespaceOf("app")).toBe("app");
  });
});

describe("key patterns", () => {
  /** What a pattern means, said as plainly as can be. */
  function isMatch(pattern: readonly string[], key: readonly string[]): boolean {
    const [part, ...rest] = pattern;
    if (part === undefined) return key.length === 0;
    if (part === "**") return isMatch(rest, key) || (key.length > 0 && isMatch(pattern, key.slice(1)));
    return key.length > 0 && (part === "*" || part === key[0]) && isMatch(rest, key.slice(1));
  }

  const name = fc.constantFrom("a", "b", "c");
  const pattern = fc.array(fc.oneof(name, fc.constantFrom("*", "**")), { minLength: 1, maxLength: 8 });
  const key = fc.array(name, { minLength: 1, maxLength: 10 });

  test("a matcher agrees with the plain meaning", () => {
    let matched = 0;
    fc.assert(
      fc.property(pattern, fc.array(key, { minLength: 1, maxLength: 8 }), (parts, keys) => {
        const matches = keyMatcher(parts.join("."));
        for (const segments of keys) {
          const expected = isMatch(parts, segments);
          if (expected) matched += 1;
          expect({ parts, segments, isMatch: Boolean(matches?.(segments.join("."))) }).toEqual({ parts, segments, isMatch: expected });
        }
      }),
      { numRuns: 5_000 },
    );
    expect(matched).toBeGreaterThan(500);
  });

  test("a matcher of several patterns matches what any of them matches, and is none when one is malformed", () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 5 }), fc.array(key, { minLength: 1, maxLength: 5 }), (patterns, keys) => {
        const matches = keysMatcher(patterns.map((parts) => parts.join(".")));
        for (const segments of keys) {
          expect(matches?.(segments.join("."))).toBe(patterns.some((parts) => isMatch(parts, segments)));
        }
        expect(keysMatcher([...patterns.map((parts) => parts.join(".")), "a."])).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });

  test("a key is split once and its segments are looked up once, however many patterns there are", () => {
    const patterns = Array.from({ length: 256 }, (_, index) => `${"**.*.".repeat(index % 7)}z${index}`);
    const matches = keysMatcher([...patterns, ...patterns]);
    const split = vi.spyOn(String.prototype, "split");
    const looked = vi.spyOn(Map.prototype, "get");
    try {
      expect(matches?.(Array(16).fill("a").join("."))).toBe(false);
      expect([split.mock.calls.length, looked.mock.calls.length]).toEqual([1, 16]);
    } finally {
      split.mockRestore();
      looked.mockRestore();
    }
  });

  test.each<[string, readonly string[], readonly string[]]>([
    ["a.**.**.b", ["a.b", "a.x.y.b"], ["a", "b", "a.b.c"]],
    [`${"**.".repeat(15)}z`, ["z", "a.z"], ["a", "z.a"]],
    [Array(16).fill("*").join("."), [Array(16).fill("a").join(".")], [Array(15).fill("a").join("."), Array(17).fill("a").join(".")]],
    ["app.port", ["app.port"], ["app", "app.port.x", "app.ports"]],
    ["app.*", ["app.a"], ["app", "app.a.b", "apps.a"]],
    ["app.**", ["app", "app.a", "app.a.b"], ["apps", "b.app"]],
    ["**", ["a", "a.b.c"], []],
    ["**.port", ["port", "a.port", "a.b.port"], ["a.port.b", "a.ports"]],
    ["a.**.b.*", ["a.b.c", "a.x.y.b.c"], ["a.b", "a.c.b"]],
    ["*.**.*", ["a.b", "a.b.c"], ["a"]],
  ])("%s", (text, yes, no) => {
    for (const one of yes) expect({ one, is: Boolean(keyMatcher(text)?.(one)) }).toEqual({ one, is: true });
    for (const one of no) expect({ one, is: Boolean(keyMatcher(text)?.(one)) }).toEqual({ one, is: false });
  });

  test.each([
    "",
    ".",
    "a.",
    "***",
    "a*",
    "*a",
    "a.**b",
    "__proto__",
    "a.constructor",
    "prototype.*",
    "a b",
    "1",
    "a__b.*",
    "a.*\n",
    "a\n.*",
    "é",
    Array(17).fill("*").join("."),
    "a".repeat(257),
  ])("%j is malformed", (text) => {
    expect(keyMatcher(text)).toBeUndefined();
  });

  test("a pattern's names are those that keys may have", () => {
    const text = fc.oneof(
      fc.string({ maxLength: 8 }),
      fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,6}$/),
      fc.constantFrom("constructor", "prototype", "__proto__", "constructors", "a__b"),
    );
    fc.assert(
      fc.property(
        text.filter((one) => !one.includes("*")),
        (one) => {
          expect(keyMatcher(one) === undefined).toBe(keyRefusal(one) !== undefined);
          expect(keyMatcher(`${one}.*`) === undefined).toBe(keyRefusal(`${one}.a`) !== undefined);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("hostile patterns cost no more than pattern times key", () => {
    const hostile = `${"**.*.".repeat(7)}**.b`;
    expect(Boolean(keyMatcher(hostile)?.(Array(10_000).fill("a").join(".")))).toBe(false);
    expect(Boolean(keyMatcher(hostile)?.([...Array<string>(15).fill("a"), "b"].join(".")))).toBe(true);
  });
});
