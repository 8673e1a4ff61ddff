import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson, deepFreeze, isJsonObject, jsonDepthMax, jsonEqual, parseJson, type Json } from "../src/index.ts";

const refusalOf = (text: string) => {
  const parsed = parseJson(text);
  return parsed.ok ? undefined : parsed.refusal;
};

/** Any JSON value that the wire takes. */
const json: fc.Arbitrary<Json> = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .filter((n) => !Object.is(n, -0) && (!Number.isInteger(n) || Number.isSafeInteger(n))),
    fc.integer(),
    fc.string({ unit: "grapheme" }),
    fc.array(tie("json")),
    fc
      .dictionary(
        fc.string({ unit: "grapheme" }).filter((name) => name !== "__proto__"),
        tie("json"),
      )
      .map((object) => ({ ...object })),
  ),
})).json;

describe("parseJson", () => {
  test("what JSON.stringify writes is read back", () => {
    fc.assert(
      fc.property(json, fc.constantFrom(undefined, 2, "\t"), (value, space) => {
        expect(parseJson(JSON.stringify(value, null, space))).toEqual({ ok: true, value });
      }),
      { numRuns: 1_000 },
    );
  });

  test("any text gets the verdict of JSON.parse or a refusal with a reason", () => {
    const token = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      '"\\u0061"',
      '"',
      "\\",
      "1",
      "-",
      "0",
      "1e400",
      ".5",
      "true",
      "null",
      " ",
      "\n",
      "\u00a0",
      "/*",
      "\ud800",
    );
    fc.assert(
      fc.property(
        fc.array(token, { maxLength: 12 }).map((parts) => parts.join("")),
        (text) => {
          const parsed = parseJson(text);
          if (parsed.ok) expect(parsed.value).toEqual(JSON.parse(text));
          else expect(parsed.refusal.reason).not.toBe("");
        },
      ),
      { numRuns: 5_000 },
    );
  });

  test.each([
    ['{"a":1,"a":2}', "/a"],
    ['{"a":1,"\\u0061":2}', "/a"],
    ['{"\\u0061":1,"a":2}', "/a"],
    ['{"x":{"a":1},"y":[{"b":1,"c":2,"b":3}]}', "/y/0/b"],
    ['{"":1,"":2}', "/"],
    ['{"a/b~":1,"a/b~":2}', "/a~1b~0"],
    ['{"a":{},"a":{}}', "/a"],
    ['{"a":"a","b":["a","a"],"a":1}', "/a"],
    ['{"\\ud83d\\ude00":1,"😀":2}', "/😀"],
  ])("%s has a member twice", (text, at) => {
    const refusal = refusalOf(text);
    expect(refusal?.reason).toContain("twice");
    expect(refusal?.at).toBe(at);
  });

  test("equal names in different objects, and equal strings, are fine", () => {
    for (const text of ['{"a":{"a":{"a":1}}}', '[{"a":1},{"a":1}]', '{"a":"a","b":"a"}', '["a","a"]', '{"a":[{"a":1},"a"]}'])
      expect(parseJson(text).ok).toBe(true);
  });

  test.each(['{"__proto__":1}', '{"\\u005f_proto__":1}', '[{"a":{"__proto__":{}}}]'])("%s names __proto__", (text) => {
    expect(refusalOf(text)?.reason).toContain("__proto__");
  });

  test("__proto__ as a value, and other names of Object.prototype, are data", () => {
    const parsed = parseJson('{"constructor":"__proto__","toString":1,"hasOwnProperty":null}');
    expect(parsed.ok && Object.keys(parsed.value as object)).toEqual(["constructor", "toString", "hasOwnProperty"]);
  });

  test.each([
    "-0",
    "-0.0",
    "-0e5",
    "[1,-0]",
    '{"a":-0}',
    "1e400",
    "-1e400",
    "1e-400",
    "0.0000001e-320",
    "12345678901234567890",
    "-12345678901234567890",
    "9007199254740992",
    "-9007199254740992",
    `1${"0".repeat(400)}`,
    `0.${"0".repeat(400)}1`,
  ])("%s would change silently", (text) => {
    expect(refusalOf(text)?.reason).toBeTruthy();
  });

  test.each([
    "0",
    "0.0",
    "0e400",
    "9007199254740991",
    "-9007199254740991",
    "1e21",
    "1e300",
    "1.5e-300",
    "1.5e-300",
    "5e-324",
    "0.1",
    "1E+2",
    "123456789.123456789",
    `1.${"0".repeat(5_000)}`,
  ])("%s is a number", (text) => {
    expect(parseJson(text)).toEqual({ ok: true, value: Number(text) });
  });

  test("a number's place is named", () => {
    expect(refusalOf('{"a":[1,{"b":-0}]}')?.at).toBe("/a/1/b");
    expect(refusalOf(`[${"9".repeat(100)}]`)?.reason.length).toBeLessThan(120);
  });

  test("a very long number is judged as a whole", () => {
    for (const digits of [4_095, 4_096, 4_097, 20_000]) {
      expect(refusalOf("1".repeat(digits))).toBeDefined();
      expect(parseJson(`0.${"1".repeat(digits)}`)).toEqual({ ok: true, value: Number(`0.${"1".repeat(digits)}`) });
      expect(refusalOf(`-0.${"0".repeat(digits)}`)).toBeDefined();
      expect(refusalOf(`0.${"0".repeat(digits)}1`)).toBeDefined();
      expect(parseJson(`0.${"0".repeat(digits)}1e${digits}`).ok).toBe(true);
    }
  });

  test.each(['"\ud800"', '"\\ud800"', '"\\udc00\\ud800"', '{"\\ud800":1}', '["a","\ude00"]', '"\\ud800\\u0061"'])(
    "%j has a lone surrogate",
    (text) => {
      expect(refusalOf(text)?.reason).toContain("surrogate");
    },
  );

  test("pairs of surrogates are characters", () => {
    expect(parseJson('"\\ud83d\\ude00"')).toEqual({ ok: true, value: "😀" });
  });

  test("depth counts arrays and objects together", () => {
    const nested = (levels: number, open: string, close: string) => `${open.repeat(levels)}1${close.repeat(levels)}`;
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
      ['[{"a":', "}]"],
    ] as const) {
      const perLevel = open.startsWith("[{") ? 2 : 1;
      expect(parseJson(nested(jsonDepthMax / perLevel, open, close)).ok).toBe(true);
      expect(refusalOf(nested(jsonDepthMax / perLevel + 1, open, close))?.reason).toContain("64 levels");
    }
    expect(refusalOf("[".repeat(1_000_000))?.reason).toContain("64 levels");
    expect(parseJson(`"${"[".repeat(100)}"`).ok).toBe(true);
    expect(parseJson(`[${"[],".repeat(1_000)}[]]`).ok).toBe(true);
  });

  test.each([
    "",
    " ",
    "{",
    "[1,]",
    '{"a"}',
    "{'a':1}",
    "01",
    "1.",
    ".5",
    "+1",
    "NaN",
    "undefined",
    '"a',
    "[1 2]",
    "1 2",
    "\u00a01",
    "//",
    "tru",
    '{"a":1]',
    '"\u0001"',
    "--1",
    "1e",
    "]",
    '{"a":1,}',
    "{,}",
  ])("%j is not JSON", (text) => {
    expect(refusalOf(text)).toBeDefined();
  });

  test("large texts are read in time linear in their length", () => {
    const numbers = Array.from({ length: 300_000 }, (_, n) => n);
    expect(parseJson(JSON.stringify(numbers))).toEqual({ ok: true, value: numbers });
    const members = Object.fromEntries(numbers.slice(0, 100_000).map((n) => [`k${n}`, n]));
    expect(parseJson(JSON.stringify(members))).toEqual({ ok: true, value: members });
    expect(parseJson(JSON.stringify('x\\"'.repeat(300_000))).ok).toBe(true);
    expect(refusalOf(`[${"1".repeat(1_000_000)}]`)?.reason).toContain("too large");
  });
});

describe("canonicalJson", () => {
  test("the example of RFC 8785, section 3.2.2", () => {
    const value = {
      numbers: [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '€$\u000f\nA\'B"\\\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test("the sorting example of RFC 8785, section 3.2.3", () => {
    const value = {
      "€": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "😀": "Emoji: Grinning Face",
      "\u0080": "Control",
      ö: "Latin Small Letter O With Diaeresis",
    };
    expect(Object.values(JSON.parse(canonicalJson(value)) as object)).toHaveLength(7);
    expect([...canonicalJson(value).matchAll(/:"([^"]+)"/g)].map(([, text]) => text)).toEqual([
      "Carriage Return",
      "One",
      "Control",
      "Latin Small Letter O With Diaeresis",
      "Euro Sign",
      "Emoji: Grinning Face",
      "Hebrew Letter Dalet With Dagesh",
    ]);
  });

  test.each<[number, string]>([
    [0, "0"],
    [-0, "0"],
    [5e-324, "5e-324"],
    [-5e-324, "-5e-324"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
    [9007199254740992, "9007199254740992"],
    [295147905179352830000, "295147905179352830000"],
    [9.999999999999997e22, "9.999999999999997e+22"],
    [1e23, "1e+23"],
    [999999999999999700000, "999999999999999700000"],
    [1e21, "1e+21"],
    [9.999999999999997e-7, "9.999999999999997e-7"],
    [0.000001, "0.000001"],
    [333333333.3333332, "333333333.3333332"],
    [-0.0000033333333333333333, "-0.0000033333333333333333"],
    [Number("1424953923781206.25"), "1424953923781206.2"],
  ])("the number %d of RFC 8785, appendix B", (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  test("equal values give equal texts, different ones different texts, and the text reads back", () => {
    const shuffled = (value: Json): Json => {
      if (Array.isArray(value)) return (value as readonly Json[]).map(shuffled);
      return isJsonObject(value)
        ? Object.fromEntries(
            Object.entries(value)
              .toReversed()
              .map(([name, member]) => [name, shuffled(member)]),
          )
        : value;
    };
    fc.assert(
      fc.property(json, json, (a, b) => {
        expect(canonicalJson(shuffled(a))).toBe(canonicalJson(a));
        expect(JSON.parse(canonicalJson(a))).toEqual(a);
        expect(jsonEqual(a, shuffled(a))).toBe(true);
        expect(jsonEqual(a, b)).toBe(canonicalJson(a) === canonicalJson(b));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("jsonEqual", () => {
  test.each<[Json | undefined, Json | undefined]>([
    [null, undefined],
    [0, false],
    ["", null],
    [[], {}],
    [{}, []],
    [[1], [1, 2]],
    [{ a: 1 }, { b: 1 }],
    [{ a: 1 }, {}],
    [{}, JSON.parse('{"__proto__":1}') as Json],
    [{ constructor: 1 }, {}],
    [{ toString: 1 }, { valueOf: 1 }],
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }],
  ])("%j and %j differ", (a, b) => {
    expect(jsonEqual(a, b)).toBe(false);
    expect(jsonEqual(b, a)).toBe(false);
  });
});

test("deepFreeze freezes through and through and keeps identity", () => {
  const value = { a: [{ b: 1 }], c: { d: null } };
  expect(deepFreeze(value)).toBe(value);
  expect([value, value.a, value.a[0], value.c].every(Object.isFrozen)).toBe(true);
});
