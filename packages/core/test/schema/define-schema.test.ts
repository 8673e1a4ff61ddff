import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { defineConfig, defineSchema, SetpointError, type ConfigOf, type Json } from "../../src/index.ts";
import { modelOf } from "./compiled.ts";

const leafOf = (type: z.ZodType) => {
  const leaf = modelOf(defineSchema(z.object({ it: type })).document).leaves.get("app.it");
  if (!leaf) throw new Error("app.it is no leaf.");
  return leaf;
};

const reasonOf = (type: z.ZodType) => {
  try {
    defineSchema(z.object({ a: z.object({ it: type }) }));
  } catch (error) {
    expect(error).toBeInstanceOf(SetpointError);
    return (error as SetpointError).message;
  }
  throw new Error("Defined, though it should have been refused.");
};

describe("metadata", () => {
  const meta = {
    description: "d",
    impact: "i",
    unit: "s",
    owner: "o",
    client: true,
    userEditable: true,
    sensitive: false,
    effect: "reinitialize",
    deprecated: true,
  } as const;
  const expected = {
    description: "d",
    impact: "i",
    unit: "s",
    owner: "o",
    client: true,
    userEditable: true,
    sensitive: false,
    effect: "reinitialize",
    deprecated: true,
  };

  test.each<[string, z.ZodType]>([
    ["on the type", z.int().meta(meta)],
    ["before further checks", z.int().meta(meta).min(1)],
    ["before default", z.int().meta(meta).default(3)],
    ["after default", z.int().default(3).meta(meta)],
    ["before optional", z.int().meta(meta).optional()],
    ["after optional", z.int().optional().meta(meta)],
    ["before nullable", z.int().meta(meta).nullable()],
    ["after nullable", z.int().nullable().meta(meta)],
    ["before nullable and default", z.string().meta(meta).nullable().default(null)],
    ["between nullable and default", z.string().nullable().meta(meta).default(null)],
    ["inside default inside nullable", z.int().min(1).meta(meta).default(3).nullable()],
    ["before readonly", z.array(z.int()).meta(meta).readonly()],
    [
      "in two places",
      z
        .int()
        .meta({ unit: "s", impact: "old", client: true, owner: "o" })
        .default(3)
        .meta({ description: "d", impact: "i", userEditable: true, sensitive: false, effect: "reinitialize", deprecated: true }),
    ],
  ])("reach the key when given %s", (_, type) => {
    expect(leafOf(type).metadata).toEqual(expected);
  });

  test("of a type used twice reach both keys", () => {
    const seconds = z.int().min(0).meta({ unit: "s" });
    const { leaves } = modelOf(
      defineSchema(z.object({ a: seconds, b: seconds.nullable(), c: seconds.default(1).meta({ unit: "ms" }) })).document,
    );
    expect([...leaves.values()].map(({ metadata }) => metadata.unit)).toEqual(["s", "s", "ms"]);
  });

  test("of a type with an id, extracted to $defs, reach the key", () => {
    const port = z.int().min(1).default(80).meta({ id: "DefineSchemaTestPort", unit: "port", client: true });
    const { leaves } = modelOf(defineSchema(z.object({ a: port, b: port.optional() })).document);
    expect(leaves.get("app.a")).toMatchObject({ default: 80, metadata: { unit: "port", client: true } });
    expect(leaves.get("app.b")?.metadata.unit).toBe("port");
  });

  test("on an object hold for the keys below", () => {
    const { leaves } = modelOf(defineSchema(z.object({ a: z.object({ b: z.int() }).meta({ client: true, owner: "team" }) })).document);
    expect(leaves.get("app.a.b")?.metadata).toMatchObject({ client: true, owner: "team" });
  });

  test("are typed", () => {
    // @ts-expect-error client is true or false
    z.int().meta({ client: "yes" });
    // @ts-expect-error effect is one of three
    z.int().meta({ effect: "reload" });
    expect(() => defineSchema(z.object({ it: z.int().meta({ unknown: 1 }) }))).toThrow('"unknown"');
  });

  test("inside a value are refused", () => {
    expect(reasonOf(z.array(z.object({ secret: z.string().meta({ sensitive: true }) })))).toContain("x-setpoint-sensitive");
  });
});

describe("defaults", () => {
  test.each<[z.ZodType, Json]>([
    [z.int().default(3), 3],
    [z.int().default(3).optional(), 3],
    [z.int().nullable().default(null), null],
    [z.int().default(3).nullable(), 3],
    [z.int().prefault(3), 3],
    [z.array(z.int()).default([1]), [1]],
    [z.enum(["a", "b"]).default("b"), "b"],
    [z.record(z.string(), z.int()).default({ a: 1 }), { a: 1 }],
    [z.object({ x: z.int() }).nullable().default(null), null],
  ])("of a leaf reach the key (%#)", (type, value) => {
    expect(leafOf(type)).toMatchObject({ default: value, required: false });
  });

  test("of an object are those of its keys", () => {
    const inner = z.object({ a: z.int().default(1), b: z.string() });
    const { leaves } = modelOf(
      defineSchema(z.object({ x: inner.default({ a: 1, b: "x" }), y: inner.prefault({ b: "y" }), z: inner })).document,
    );
    expect([...leaves.values()].map((leaf) => [leaf.key, leaf.default, leaf.required])).toEqual([
      ["app.x.a", 1, false],
      ["app.x.b", "x", false],
      ["app.y.a", 1, false],
      ["app.y.b", "y", false],
      ["app.z.a", 1, false],
      ["app.z.b", undefined, true],
    ]);
  });
});

test("records are leaves, or maps of keys where marked", () => {
  expect(leafOf(z.record(z.string(), z.int())).validate({ a: 1, b: "x" })).toHaveLength(1);
  for (const map of [
    z.record(z.string(), z.int()).meta({ entries: "keys" }),
    z.record(z.string(), z.int()).meta({ entries: "keys" }).optional(),
    z.record(z.string(), z.int()).optional().meta({ entries: "keys" }),
  ]) {
    const model = modelOf(defineSchema(z.object({ map })).document);
    expect(model.leafOf("app.map.x")?.validate(1)).toEqual([]);
    expect(model.isBranch("app.map")).toBe(true);
  }
  const nested = modelOf(
    defineSchema(z.object({ map: z.record(z.string(), z.object({ port: z.int().default(80) })).meta({ entries: "keys" }) })).document,
  );
  expect(nested.leafOf("app.map.eu.port")?.default).toBe(80);
});

test.each<[string, z.ZodType, readonly string[], readonly string[]]>([
  ["email", z.email(), ["me@example.com"], ["me"]],
  ["string().email", z.string().email(), ["me@example.com"], ["me"]],
  ["email and pattern", z.email().regex(/@example\.com$/i), ["me@EXAMPLE.com"], ["me@example.org", "@example.com"]],
  ["email with its own pattern", z.email({ pattern: /^.*@example\.com$/ }), ["me@example.com", "@example.com"], ["me@example.org"]],
  ["uuid", z.uuid(), ["0f3a2c1e-1111-4222-8333-123456789abc"], ["0f3a"]],
  ["uuid of a version", z.uuid({ version: "v4" }), ["0f3a2c1e-1111-4222-8333-123456789abc"], ["0f3a2c1e-1111-7222-8333-123456789abc"]],
  ["url", z.url(), ["https://example.com/"], ["example"]],
  ["ipv4", z.ipv4(), ["10.0.0.1"], ["10.0.0"]],
  ["ipv6", z.ipv6(), ["::1"], ["1"]],
  ["hostname", z.hostname(), ["example.com"], ["-"]],
  ["datetime", z.iso.datetime(), ["2026-01-31T09:30:00Z"], ["2026-01-31"]],
  ["local datetime", z.iso.datetime({ local: true }), ["2026-01-31T09:30:00"], ["2026-01-31"]],
  ["date", z.iso.date(), ["2026-01-31"], ["2026-02-30"]],
  ["time", z.iso.time(), ["09:30", "09:30:00"], ["9"]],
  ["duration", z.iso.duration(), ["PT5M"], ["5m"]],
  ["cuid", z.cuid(), ["cjld2cjxh0000qzrmn831i7rn"], ["x"]],
  ["nanoid", z.nanoid(), ["V1StGXR8_Z5jdHi6B-myT"], ["x"]],
  ["base64", z.base64(), ["aGk="], ["a"]],
  ["cidrv4", z.cidrv4(), ["10.0.0.0/8"], ["10.0.0.0"]],
  ["e164", z.e164(), ["+4912345678"], ["12"]],
  ["startsWith and endsWith", z.string().startsWith("a/").endsWith("$"), ["a/b$"], ["b$", "a/b"]],
  ["includes", z.string().includes("."), ["a.b"], ["ab"]],
  ["regex with flags", z.string().regex(/^[a-z]+$/i), ["ABC"], ["1"]],
  ["regex with a code point", z.string().regex(/^\u{1F600}+$/u), ["😀😀"], ["x"]],
  ["length", z.string().min(2).max(3), ["ab", "abc"], ["a", "abcd"]],
  ["template literal", z.templateLiteral(["v", z.int()]), ["v12"], ["v"]],
  ["literal", z.literal(["a", "b"]), ["a"], ["c"]],
])("z %s: what it takes is taken, what it refuses is refused", (_, type, valid, invalid) => {
  const leaf = leafOf(type);
  for (const value of valid)
    expect({ value, zod: type.safeParse(value).success, issues: leaf.validate(value) }).toEqual({ value, zod: true, issues: [] });
  for (const value of invalid)
    expect({ value, zod: type.safeParse(value).success, isValid: leaf.validate(value).length === 0 }).toEqual({
      value,
      zod: false,
      isValid: false,
    });
});

test("a format of the closed list stands without zod's pattern", () => {
  for (const type of [z.email(), z.uuid(), z.url(), z.ipv4(), z.ipv6(), z.hostname(), z.iso.datetime(), z.iso.date(), z.iso.duration()]) {
    expect(Object.keys(leafOf(type).schema).toSorted()).toEqual(["format", "type"]);
  }
});

test("other types are carried exactly", () => {
  const types = [
    z.number().multipleOf(0.1),
    z.int().positive().lt(5),
    z.boolean(),
    z.null(),
    z.tuple([z.int(), z.string()]),
    z.tuple([z.int()], z.string()),
    z.array(z.int()).min(1).max(2),
    z.union([z.int(), z.string()]),
    z.strictObject({ a: z.int() }).nullable(),
    z.discriminatedUnion("k", [z.object({ k: z.literal("a"), n: z.int() }), z.object({ k: z.literal("b") })]),
    z.unknown(),
    z.never(),
    z.record(z.enum(["a", "b"]), z.int()),
    z.int32(),
    z.array(z.object({ a: z.int().optional() })),
  ];
  const values: readonly Json[] = [
    null,
    true,
    0,
    1,
    4,
    5,
    0.3,
    0.35,
    2 ** 40,
    "x",
    [],
    [1],
    [1, "x"],
    [1, 2, 3],
    { a: 1 },
    { a: 1, b: 2 },
    { k: "a", n: 1 },
    { k: "a" },
    { k: "b" },
    [{ a: 1 }],
    [{}],
    [{ a: "x" }],
  ];
  for (const type of types) {
    const leaf = leafOf(type);
    for (const value of values)
      expect({ type: type.def.type, value, isValid: leaf.validate(value).length === 0 }).toEqual({
        type: type.def.type,
        value,
        isValid: type.safeParse(value).success,
      });
  }
});

test.each<[string, z.ZodType, string]>([
  ["refine", z.int().refine((n) => n > 1), "refinement"],
  ["superRefine", z.string().superRefine(() => undefined), "refinement"],
  ["check", z.string().check(() => undefined), "refinement"],
  [
    "refine below a wrapper",
    z
      .int()
      .refine((n) => n > 1)
      .nullable()
      .default(null),
    "refinement",
  ],
  ["refine on an object", z.object({ b: z.int() }).refine(() => true), "refinement"],
  ["refine in a list", z.array(z.int().refine(() => true)), "refinement"],
  ["refine in a union", z.union([z.int(), z.string().refine(() => true)]), "refinement"],
  [
    "refine on a record's names",
    z.record(
      z.string().refine(() => true),
      z.int(),
    ),
    "refinement",
  ],
  ["refine behind lazy", z.lazy(() => z.int().refine(() => true)), "refinement"],
  ["custom", z.custom<string>(() => true), "custom"],
  ["instanceof", z.instanceof(Date), "custom"],
  ["transform", z.string().transform((text) => text.length), "pipe"],
  ["preprocess", z.preprocess((value) => value, z.int()), "pipe"],
  ["pipe", z.string().pipe(z.string()), "pipe"],
  ["stringbool", z.stringbool(), "pipe"],
  ["trim", z.string().trim(), "changes the value"],
  ["toLowerCase", z.string().toLowerCase(), "changes the value"],
  ["coerce", z.coerce.number(), "coercion"],
  ["date", z.date(), "z.iso.datetime()"],
  ["bigint", z.bigint(), "z.int()"],
  ["map", z.map(z.string(), z.int()), "z.record()"],
  ["set", z.set(z.int()), "z.array()"],
  ["undefined", z.undefined(), ".optional()"],
  ["catch", z.int().catch(1), ".default()"],
  ["nan", z.nan(), "z.number()"],
  ["recursion", z.json(), "recursive"],
  ["property", z.string().check(z.property("length", z.int())), "property"],
  ["jwt", z.jwt(), "jwt"],
  ["a format by code", z.stringFormat("even", (text) => text.length % 2 === 0), "checked by code"],
  ["look-ahead", z.string().regex(/^(?=a)/), "RE2"],
  ["emoji", z.emoji(), "RE2"],
  ["sticky", z.string().regex(/a/y), "sticky"],
  ["url of a protocol", z.url({ protocol: /^https$/ }), "protocol"],
  ["default inside a list", z.array(z.object({ b: z.int().default(1) })), "default inside a value"],
  ["default inside a nullable object", z.object({ b: z.int().default(1) }).nullable(), "default inside a value"],
])("%s is refused with its path and a way out", (_, type, reason) => {
  const message = reasonOf(type);
  expect(message).toMatch(/^a\.it/);
  expect(message).toContain(reason);
});

test("recursive objects are refused", () => {
  const node = z.object({
    name: z.string(),
    get children() {
      return z.array(node);
    },
  });
  expect(reasonOf(node)).toContain("recursive");
});

test("a refused default says so where the schema is defined", () => {
  expect(() => defineSchema(z.object({ it: z.int().min(5).default(1) }))).toThrow(/default .*at least 5/);
});

test("ConfigOf is the tree that a client shows, readonly", () => {
  const config = defineConfig({
    environments: [{ name: "base" }, { name: "production", parent: "base", isProduction: true }],
    schemas: {
      app: defineSchema(
        z.object({ port: z.int().default(8), list: z.array(z.object({ a: z.string().optional() })), map: z.record(z.string(), z.int()) }),
      ),
      plain: { type: "object", properties: { a: true } },
    },
  });
  type Config = ConfigOf<typeof config>;
  expectTypeOf<Config["app"]>().toEqualTypeOf<{
    readonly port: number;
    readonly list: readonly { readonly a?: string | undefined }[];
    readonly map: { readonly [name: string]: number };
  }>();
  expectTypeOf<Config["plain"]>().toEqualTypeOf<unknown>();
  expectTypeOf<keyof Config>().toEqualTypeOf<"app" | "plain">();
  expect(config.environments[1].name).toBe("production");
  // @ts-expect-error an unknown member
  defineConfig({ environment: [] });
});
