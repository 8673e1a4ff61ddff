import { describe, expect, test } from "vitest";
import { compileSchema, schemaLimits } from "../../src/index.ts";
import { modelOf, refusalsOf } from "./compiled.ts";

const leavesOf = (document: unknown) => [...modelOf(document).leaves.keys()];

describe("leaves and branches", () => {
  const member = { type: "object", properties: { a: { type: "integer" } } } as const;

  test("declared objects are branches, everything else is a leaf", () => {
    const model = modelOf({
      type: "object",
      properties: {
        scalar: { type: "integer" },
        anything: {},
        never: false,
        list: { type: "array", items: member },
        map: { type: "object", additionalProperties: member },
        empty: { type: "object", properties: {} },
        branch: { type: "object", properties: { deep: { ...member, additionalProperties: false }, leaf: true } },
        listed: { ...member, type: ["object"] },
        nullable: { ...member, type: ["object", "null"] },
        any: { anyOf: [member, { type: "null" }] },
        one: { oneOf: [member, { type: "string" }] },
        all: { allOf: [member] },
      },
    });
    expect([...model.leaves.keys()]).toEqual([
      "app.all",
      "app.any",
      "app.anything",
      "app.branch.deep.a",
      "app.branch.leaf",
      "app.empty",
      "app.list",
      "app.listed.a",
      "app.map",
      "app.never",
      "app.nullable",
      "app.one",
      "app.scalar",
    ]);
    for (const branch of ["app", "app.branch", "app.branch.deep", "app.listed"])
      expect({ branch, is: model.isBranch(branch) }).toEqual({ branch, is: true });
    for (const other of ["app.scalar", "app.map", "app.nullable", "app.none", "other", "app.branch.none", "app.branch.deep.a", ""]) {
      expect({ other, is: model.isBranch(other) }).toEqual({ other, is: false });
    }
    expect(model.leafOf("app.map.x")).toBeUndefined();
    expect(model.leafOf("app.branch")).toBeUndefined();
    expect(model.leafOf("other.scalar")).toBeUndefined();
  });

  test("leaves are sorted by key whatever the order of members", () => {
    expect(
      leavesOf({ type: "object", properties: { b: true, "a-b": true, a: { type: "object", properties: { z: true } }, a_b: true } }),
    ).toEqual(["app.a-b", "app.a.z", "app.a_b", "app.b"]);
  });

  test("the entries of a marked map are keys of their own", () => {
    const model = modelOf({
      type: "object",
      properties: {
        weights: {
          type: "object",
          "x-setpoint-entries": "keys",
          additionalProperties: { type: "number" },
          properties: { fixed: { type: "string" } },
        },
        servers: {
          type: "object",
          "x-setpoint-entries": "keys",
          "x-setpoint-client": true,
          additionalProperties: {
            type: "object",
            properties: { host: { type: "string" }, port: { type: "integer", default: 80 } },
            required: ["host"],
          },
        },
      },
    });
    expect([...model.leaves.keys()]).toEqual(["app.weights.fixed"]);
    expect(model.leafOf("app.weights.anything")?.validate(0.5)).toEqual([]);
    expect(model.leafOf("app.weights.anything")?.validate("x")).toMatchObject([
      { key: "app.weights.anything", code: "invalid_parameter_type" },
    ]);
    expect(model.leafOf("app.weights.fixed")?.validate("x")).toEqual([]);
    expect(model.leafOf("app.servers.eu.port")).toMatchObject({
      key: "app.servers.eu.port",
      default: 80,
      required: false,
      metadata: { client: true },
    });
    expect(model.leafOf("app.servers.eu.none")).toBeUndefined();
    expect(model.leafOf("app.servers.eu")).toBeUndefined();
    expect(model.isBranch("app.servers.eu")).toBe(true);
    expect(model.isBranch("app.servers")).toBe(true);
    expect(model.isBranch("app.weights.x")).toBe(false);
    for (const name of ["constructor", "__proto__", "toString.x", "1", "a b", ""])
      expect(model.leafOf(`app.weights.${name}`)).toBeUndefined();
    expect(model.leafOf("app.weights.toString")?.key).toBe("app.weights.toString");
  });

  test("the root itself may be a map of keys, or have no key at all", () => {
    expect(modelOf({ type: "object", "x-setpoint-entries": "keys", additionalProperties: true }).leafOf("app.x")?.validate([1])).toEqual(
      [],
    );
    expect(leavesOf({ type: "object" })).toEqual([]);
    expect(leavesOf({ properties: { a: true } })).toEqual(["app.a"]);
  });
});

describe("defaults and required keys", () => {
  test("a key is required where every object around it requires it and no default stands in", () => {
    const inner = { type: "object", properties: { a: true, b: { default: 1 }, c: true }, required: ["a", "b"] } as const;
    const { leaves } = modelOf({ type: "object", properties: { must: inner, may: inner }, required: ["must"] });
    const required = [...leaves.values()].filter((leaf) => leaf.required).map(({ key }) => key);
    expect(required).toEqual(["app.must.a"]);
  });

  test("an object's default is that of its members", () => {
    const properties = {
      a: { type: "integer" },
      b: { type: "integer", default: 2 },
      c: { type: "object", properties: { d: { type: "string" } } },
    } as const;
    const { leaves } = modelOf({
      type: "object",
      properties: { o: { type: "object", properties, default: { a: 1, b: 2, c: { d: "x" } } } },
    });
    expect([...leaves.values()].map((leaf) => leaf.default)).toEqual([1, 2, "x"]);
    expect(modelOf({ type: "object", properties: { o: { type: "object", properties, default: {} } } }).leaves.get("app.o.b")?.default).toBe(
      2,
    );
    for (const value of [{ b: 3 }, { z: 1 }, { a: "x" }, { c: 1 }, 5]) {
      expect(refusalsOf({ type: "object", properties: { o: { type: "object", properties, default: value } } })[0]?.message).toMatch(
        /default/,
      );
    }
  });

  test.each([
    { type: "integer", default: "x" },
    { type: "integer", minimum: 2, default: 1 },
    { type: "array", items: { type: "integer", default: "x" } },
    { type: ["object", "null"], properties: { a: { type: "integer" } }, default: { a: "x" } },
    { $ref: "#/$defs/port", default: 0 },
  ])("a default that its own schema refuses is refused: %j", (it) => {
    const [issue] = refusalsOf({ type: "object", properties: { it }, $defs: { port: { type: "integer", minimum: 1 } } });
    expect(issue).toMatchObject({ key: "app.it" });
    expect(issue?.message).toContain("default");
  });

  test("no default and the default null are different", () => {
    const { leaves } = modelOf({ type: "object", properties: { a: {}, b: { default: null } } });
    expect(leaves.get("app.a")).not.toHaveProperty("default");
    expect(leaves.get("app.b")?.default).toBeNull();
  });
});

describe("metadata", () => {
  test("a key tells what its schema says, with defaults for the rest", () => {
    const keywords = {
      description: "d",
      deprecated: true,
      "x-setpoint-impact": "i",
      "x-setpoint-unit": "s",
      "x-setpoint-owner": "o",
      "x-setpoint-client": true,
      "x-setpoint-user-editable": true,
      "x-setpoint-sensitive": false,
      "x-setpoint-effect": "restart",
    };
    const { leaves } = modelOf({ type: "object", properties: { a: keywords, b: {} } });
    expect(leaves.get("app.a")?.metadata).toEqual({
      description: "d",
      deprecated: true,
      impact: "i",
      unit: "s",
      owner: "o",
      client: true,
      userEditable: true,
      sensitive: false,
      effect: "restart",
    });
    expect(leaves.get("app.b")?.metadata).toEqual({ client: false, userEditable: false, sensitive: false, effect: "live" });
    expect(leaves.get("app.a")?.schema).toBe(keywords);
  });

  test("what an object says holds for the keys below unless they say otherwise", () => {
    const { leaves } = modelOf({
      type: "object",
      "x-setpoint-owner": "team",
      properties: {
        a: {
          type: "object",
          "x-setpoint-client": true,
          "x-setpoint-effect": "restart",
          description: "of a",
          properties: { b: {}, c: { "x-setpoint-client": false } },
        },
      },
    });
    expect(leaves.get("app.a.b")?.metadata).toEqual({
      client: true,
      userEditable: false,
      sensitive: false,
      effect: "restart",
      owner: "team",
    });
    expect(leaves.get("app.a.c")?.metadata.client).toBe(false);
  });

  test.each([
    { "x-setpoint-sensitive": true, "x-setpoint-client": true },
    { "x-setpoint-sensitive": true, "x-setpoint-user-editable": true },
    { readOnly: true, writeOnly: true },
    { type: "object", "x-setpoint-entries": "keys" },
    { type: "object", "x-setpoint-entries": "keys", additionalProperties: false },
    { type: "integer", "x-setpoint-entries": "keys" },
    { type: ["object", "null"], "x-setpoint-entries": "keys", additionalProperties: true },
    { type: "array", items: { "x-setpoint-sensitive": true } },
    { anyOf: [{ type: "string", "x-setpoint-client": true }] },
    { type: "object", "x-setpoint-client": true, properties: { a: { "x-setpoint-sensitive": true } } },
  ])("contradictions are refused: %j", (it) => {
    expect(refusalsOf({ type: "object", properties: { it } })[0]?.key).toMatch(/^app\.it/);
  });
});

describe("refusals", () => {
  test.each([
    true,
    false,
    null,
    1,
    "x",
    [],
    { type: "array" },
    { type: ["object", "null"] },
    { anyOf: [{ type: "object", properties: {} }] },
    {},
  ])("%j is no root", (document) => {
    expect(refusalsOf(document)[0]?.message).toContain("root must be an object schema");
  });

  test.each(["enum", "const", "minProperties", "maxProperties", "propertyNames", "anyOf", "oneOf", "allOf", "not", "items", "pattern"])(
    "%s is refused on a branch",
    (keyword) => {
      const values: Record<string, unknown> = {
        enum: [{}],
        const: {},
        minProperties: 1,
        maxProperties: 1,
        pattern: "a",
        propertyNames: {},
        not: {},
        items: {},
      };
      const branch = { type: "object", properties: { a: true }, [keyword]: values[keyword] ?? [{}] };
      for (const document of [
        branch,
        { type: "object", properties: { b: branch } },
        { type: "object", properties: { b: { $ref: "#/$defs/b" } }, $defs: { b: branch } },
      ]) {
        expect(refusalsOf(document)[0]?.message).toContain(`"${keyword}"`);
      }
    },
  );

  test("further members of a declared object are refused unless they are keys", () => {
    for (const additionalProperties of [true, {}, { type: "integer" }]) {
      expect(refusalsOf({ type: "object", properties: { a: true }, additionalProperties })[0]?.message).toContain("additionalProperties");
      expect(refusalsOf({ type: "object", additionalProperties })[0]?.message).toContain("additionalProperties");
    }
    expect(refusalsOf({ type: "object", properties: { a: true }, required: ["z"] })[0]?.message).toContain("z");
  });

  test.each(["constructor", "prototype", "__proto__", "a b", "1a", "a.b", "*", "a__b", "", "ä"])("a property %j is no key", (name) => {
    const document = JSON.parse(
      `{"type":"object","properties":{"a":{"type":"object","properties":{${JSON.stringify(name)}:{}}}}}`,
    ) as unknown;
    expect(refusalsOf(document)[0]?.message).toContain("no key");
  });

  test("a namespace is one segment", () => {
    for (const namespace of ["", "a.b", "1", "constructor", "a".repeat(257)])
      expect(compileSchema(namespace, { type: "object" }).ok).toBe(false);
  });

  test("keys too long or too deep are refused", () => {
    let deep: object = { type: "integer" };
    for (let level = 0; level < 16; level += 1) deep = { type: "object", properties: { a: deep } };
    expect(refusalsOf(deep)[0]?.message).toContain("16 segments");
    expect(refusalsOf({ type: "object", properties: { ["a".repeat(253)]: true } })[0]?.message).toContain("256 characters");
  });

  test("schemas beyond the limits are refused", () => {
    const many = (count: number) => ({
      type: "object",
      properties: Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, true])),
    });
    expect(modelOf(many(schemaLimits.leavesMax)).leaves.size).toBe(schemaLimits.leavesMax);
    expect(refusalsOf(many(schemaLimits.leavesMax + 1))[0]?.message).toContain("10000 leaves");
    let deep: unknown = {};
    for (let level = 0; level < schemaLimits.levelsMax; level += 1) deep = { items: deep };
    expect(refusalsOf({ type: "object", properties: { a: deep } })[0]?.message).toContain("64 levels");
    expect(refusalsOf({ type: "object", description: "x".repeat(schemaLimits.documentBytesMax) })[0]?.message).toContain("1048576 bytes");
    expect(refusalsOf({ type: "object", description: "ä".repeat(schemaLimits.documentBytesMax / 2) })[0]?.message).toContain(
      "1048576 bytes",
    );
    const patterns = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`k${n}`, { pattern: `^(a${n}|\\pL{900}){4}$` }]));
    expect(refusalsOf({ type: "object", properties: patterns }).at(-1)?.message).toContain("patterns of a schema together");
    expect(
      refusalsOf({ type: "object", properties: Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`k${n}`, { type: "x" }])) }),
    ).toHaveLength(schemaLimits.registrationIssuesMax);
  });

  test("what is not JSON is refused without a throw", () => {
    const cyclic: Record<string, unknown> = { type: "object" };
    Object.assign(cyclic, { a: cyclic, b: cyclic });
    for (const document of [
      undefined,
      () => 1,
      { type: undefined },
      { default: Number.NaN },
      cyclic,
      new Map(),
      { examples: [new Date(0)] },
    ])
      expect(compileSchema("app", document).ok).toBe(false);
  });
});

test("the document is kept as it is", () => {
  const document = { type: "object", title: "x", properties: { a: { type: "integer" } } };
  const text = JSON.stringify(document);
  const model = modelOf(document);
  expect(model.document).toBe(document);
  expect(JSON.stringify(document)).toBe(text);
  expect(model.namespace).toBe("app");
});
