import { expect, test } from "vitest";
import { z } from "zod";
import { defineConfig, defineSchema, projectDocument } from "../../src/index.ts";

const schema = defineSchema(z.object({ port: z.int().default(8) }));

test("a config becomes its JSON form", () => {
  const config = defineConfig({
    environments: [
      { name: "base" },
      { name: "production", parent: "base", description: "live", isProduction: true, approvalRequired: true, autoSync: false },
    ],
    defaultEnvironment: "production",
    schemas: { app: schema, plain: { type: "object", properties: { a: true } } },
    sources: { git: { url: "https://example.com/x.git" } },
    parameterApi: { namespace: "app", environment: "base" },
  });
  const result = projectDocument(config);
  expect(result).toEqual({
    ok: true,
    project: { ...config, schemas: { app: schema.document, plain: { type: "object", properties: { a: true } } } },
  });
  const json = JSON.parse(JSON.stringify(result.ok && result.project)) as unknown;
  expect(projectDocument(json)).toEqual({ ok: true, project: json });
});

test("what is left out is filled in", () => {
  for (const config of [{}, { environments: [] }, { schemas: {} }, { environments: undefined, sources: undefined }]) {
    expect(projectDocument(config)).toEqual({
      ok: true,
      project: { environments: [{ name: "base" }], defaultEnvironment: "base", schemas: {} },
    });
  }
  expect(projectDocument({ environments: [{ name: "dev", description: undefined }, { name: "live" }] })).toMatchObject({
    ok: true,
    project: { defaultEnvironment: "dev", environments: [{ name: "dev" }, { name: "live" }] },
  });
  expect(projectDocument({ schemas: { app: { type: "object", title: undefined } } })).toMatchObject({
    ok: true,
    project: { schemas: { app: { type: "object" } } },
  });
});

test.each<[unknown, string, string]>([
  [undefined, "", "object"],
  [[], "", "object"],
  [{ environment: [] }, "/environment", "not known"],
  [{ environments: {} }, "/environments", "list"],
  [{ environments: [{}] }, "/environments/0", "name"],
  [{ environments: [{ name: "a", color: 1 }] }, "/environments/0/color", "not known"],
  [{ environments: [{ name: "a.b" }] }, "/environments/0/name", "letter"],
  [{ environments: [{ name: 1 }] }, "/environments/0/name", "text"],
  [{ environments: [{ name: "a" }, { name: "a" }] }, "/environments/1/name", "second time"],
  [{ environments: [{ name: "a", parent: "b" }] }, "/environments/0/parent", "none of the environments"],
  [
    {
      environments: [
        { name: "a", parent: "b" },
        { name: "b", parent: "a" },
      ],
    },
    "/environments/0/parent",
    "leads back",
  ],
  [{ environments: [{ name: "a", parent: "a" }] }, "/environments/0/parent", "leads back"],
  [{ environments: [{ name: "a", isProduction: "yes" }] }, "/environments/0/isProduction", "true or false"],
  [{ environments: Array.from({ length: 201 }, (_, n) => ({ name: `e${n}` })) }, "/environments", "200"],
  [{ defaultEnvironment: "live" }, "/defaultEnvironment", "none of the environments"],
  [{ schemas: [] }, "/schemas", "object"],
  [{ schemas: { "a.b": {} } }, "/schemas/a.b", "no namespace"],
  [{ schemas: { app: true } }, "/schemas/app", "JSON object"],
  [{ schemas: { app: { default: () => 1 } } }, "/schemas/app", "JSON object"],
  [{ sources: "x" }, "/sources", "JSON object"],
  [{ sources: { a: new Date(0) } }, "/sources", "JSON object"],
  [{ parameterApi: { name: "x" } }, "/parameterApi/name", "not known"],
  [{ parameterApi: { namespace: "a.b" } }, "/parameterApi/namespace", "letter"],
  [{ parameterApi: { environment: 1 } }, "/parameterApi/environment", "text"],
])("%j is refused at its place", (config, at, reason) => {
  const result = projectDocument(config);
  expect(result.ok ? undefined : result.refusal).toMatchObject({ at, reason: expect.stringContaining(reason) as string });
});

test("a cyclic config is refused, not followed", () => {
  const cyclic: Record<string, unknown> = {};
  Object.assign(cyclic, { a: cyclic, b: cyclic });
  expect(projectDocument({ sources: cyclic }).ok).toBe(false);
});
