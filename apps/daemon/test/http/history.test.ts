import { parseJson } from "@setpoint/core";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serve, type Served, shopProject } from "../serve.ts";

let daemon: Served;
beforeAll(async () => void (daemon = await serve()));
afterAll(() => daemon.stop());

const post = (body: unknown, query = "") => daemon.call("POST", `/v1/rollbacks${query}`, { body });
const head = async (): Promise<number> => (await daemon.get("/readyz")).json.revision;

describe("the history", () => {
  it("tells who did what, when, why and from where, and pages through it", async () => {
    for (let index = 1; index <= 7; index += 1) {
      await daemon.call("PUT", "/v1/environments/dev/values/shop.maxItems", {
        body: { value: index, comment: `step ${index}`, metadata: { ticket: index } },
      });
    }
    await daemon.put("shop.maxItems", 9, "staging");
    const newest = (await daemon.get("/v1/revisions/8")).json;
    expect(newest).toMatchObject({
      revision: 8,
      by: { kind: "token", name: "first-token" },
      origin: "api",
      comment: "step 7",
      metadata: { ticket: 7 },
    });
    expect(newest.changes).toEqual([{ kind: "value", environment: "dev", key: "shop.maxItems", before: 6, after: 7 }]);
    expect(newest.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

    const seen: number[] = [];
    for (let after: number | undefined = 0; after !== undefined;) {
      const page: { revisions: { revision: number }[]; next?: number } = (await daemon.get(`/v1/revisions?after=${after}&limit=3`)).json;
      seen.push(...page.revisions.map(({ revision }) => revision));
      after = page.next;
    }
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const only = (await daemon.get("/v1/revisions?environment=staging&key=shop.maxItems&limit=1")).json;
    expect(only).toMatchObject({ revisions: [{ revision: 9 }] });
    expect(only).not.toHaveProperty("next");
    expect((await daemon.get("/v1/revisions?by=system")).json.revisions).toMatchObject([{ revision: 1, origin: "project" }]);
  });

  it.each(["?limit=0", "?limit=1001", "?limit=x", "?after=-1", "?after=1.5"])("refuses %s", async (query) => {
    expect((await daemon.get(`/v1/revisions${query}`)).status).toBe(400);
  });

  it("has no revision beyond its head, and none before the first", async () => {
    expect((await daemon.get("/v1/revisions/99")).json.code).toBe("revision_not_found");
    expect((await daemon.get("/v1/revisions/0")).json.code).toBe("revision_not_found");
    expect((await daemon.get("/v1/revisions/x")).status).toBe(400);
  });

  it("compares any two places, either way round", async () => {
    const there = (await daemon.get("/v1/diff?from=2&to=8&environment=dev")).json;
    expect(there).toEqual({ from: 2, to: 8, changes: [{ kind: "value", environment: "dev", key: "shop.maxItems", before: 1, after: 7 }] });
    const { cursor } = (await daemon.get("/v1/revisions/8")).json;
    const back = (await daemon.get(`/v1/diff?from=${cursor}&to=2`)).json;
    expect(back.changes).toEqual([{ kind: "value", environment: "dev", key: "shop.maxItems", before: 7, after: 1 }]);
    expect((await daemon.get("/v1/diff?from=0")).json.changes.length).toBeGreaterThan(5);
    expect((await daemon.get("/v1/diff?from=8-0000000000000000")).json.code).toBe("revision_not_found");
    expect((await daemon.get("/v1/diff?from=release-7")).json.code).toBe("revision_not_found");
    expect((await daemon.get("/v1/diff?from=1&environment=nowhere")).json.code).toBe("environment_not_found");
    expect((await daemon.get("/v1/diff")).status).toBe(400);
  });
});

describe("rolling back", () => {
  it("is a new revision whose configuration equals the old one byte for byte", async () => {
    const before = (await daemon.get("/v1/environments/dev/config")).json;
    await daemon.batch([
      { environment: "dev", key: "shop.maxItems", value: 77 },
      { environment: "base", key: "shop.banner", value: "sale" },
      { kind: "environment", key: "eu", value: { parent: "base" } },
      { kind: "schema", key: "extra", value: { type: "object", properties: { x: { type: "integer" } } } },
    ]);
    const preview = await post({ to: before.revision }, "?preview");
    expect(preview).toMatchObject({ status: 200, json: { valid: true } });
    expect(preview.json.effective).toContainEqual({
      environment: "dev",
      key: "shop.maxItems",
      before: 77,
      after: before.values["shop.maxItems"],
    });
    const done = await post({ to: before.revision });
    expect(done.json.revision).toBe(before.revision + 2);
    const after = (await daemon.get("/v1/environments/dev/config")).json;
    expect([after.hash, after.values]).toEqual([before.hash, before.values]);
    expect((await daemon.get(`/v1/diff?from=${before.revision}`)).json.changes).toEqual([]);
    expect((await daemon.get("/v1/schemas")).json.schemas.map(({ namespace }: { namespace: string }) => namespace)).toEqual([
      "mail",
      "shop",
    ]);
  });

  it("stays inside the environment and namespace that it names", async () => {
    const to = await head();
    await daemon.batch([
      { environment: "dev", key: "shop.maxItems", value: 55 },
      { environment: "dev", key: "mail.from", value: "dev@example.test" },
      { environment: "staging", key: "shop.maxItems", value: 56 },
    ]);
    await post({ to, environment: "dev", namespace: "shop" });
    const dev = (await daemon.get("/v1/environments/dev/config")).json.values;
    expect(dev["shop.maxItems"]).not.toBe(55);
    expect(dev["mail.from"]).toBe("dev@example.test");
    expect((await daemon.get("/v1/environments/staging/values/shop.maxItems")).json.value).toBe(56);
  });

  it("undoes one revision, unless one of its keys has changed since", async () => {
    const { json } = await daemon.put("shop.maxItems", 60);
    await daemon.put("shop.delivery.days", 8);
    expect((await post({ revert: json.revision })).status).toBe(200);
    expect((await daemon.get("/v1/environments/dev/values/shop.delivery.days")).json.value).toBe(8);
    const again = await daemon.put("shop.maxItems", 61);
    await daemon.put("shop.maxItems", 62);
    expect((await post({ revert: again.json.revision })).json.code).toBe("conflicting_change");
  });

  it.each([
    [{}, "invalid_request"],
    [{ to: 1, revert: 1 }, "invalid_request"],
    [{ revert: 1, environment: "dev" }, "invalid_request"],
    [{ to: 99_999 }, "revision_not_found"],
    [{ to: "v2.3" }, "revision_not_found"],
    [{ to: 1, environment: "nowhere" }, "environment_not_found"],
    [{ to: 1, namespace: "a.b" }, "invalid_key"],
  ])("refuses %j", async (body, code) => {
    expect((await post(body)).json.code).toBe(code);
  });

  it("leads to exactly the state it names, whatever happened in between", async () => {
    const step = fc.oneof(
      fc.record({
        environment: fc.constantFrom("base", "dev", "staging"),
        key: fc.constant("shop.maxItems"),
        value: fc.integer({ min: 1, max: 100 }),
      }),
      fc.record({ environment: fc.constantFrom("base", "dev"), key: fc.constant("shop.maxItems"), delete: fc.constant(true) }),
      fc.record({
        environment: fc.constant("base"),
        key: fc.constant("shop.delivery.rules"),
        value: fc
          .jsonValue({ maxDepth: 2 })
          .map((rule) => ({ rule }))
          .filter((value) => parseJson(JSON.stringify(value)).ok),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), fc.nat(), async (steps, pick) => {
        const states = new Map<number, unknown>();
        for (const change of steps) {
          const { json, status } = await daemon.batch([change]);
          expect(status).toBe(200);
          states.set(json.revision, (await daemon.get("/v1/environments/dev/config")).json.hash);
        }
        const [revision, hash] = [...states][pick % states.size] as [number, string];
        expect((await post({ to: revision })).status).toBe(200);
        expect((await daemon.get("/v1/environments/dev/config")).json.hash).toBe(hash);
        expect((await daemon.get(`/v1/diff?from=${revision}`)).json.changes).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });
});

describe("explaining a value", () => {
  it("shows every candidate, highest first, with who set it", async () => {
    await daemon.batch([
      { environment: "base", key: "shop.maxItems", value: 11 },
      { environment: "production", key: "shop.maxItems", value: 13 },
    ]);
    await daemon.batch([{ environment: "staging", key: "shop.maxItems", value: 12 }]);
    const explained = (await daemon.get("/v1/environments/production/explain/shop.maxItems")).json;
    expect(explained).toMatchObject({ environment: "production", key: "shop.maxItems", value: 13, clamps: [] });
    expect(
      explained.candidates.map(({ layer, environment, value, wins }: Record<string, unknown>) => [layer, environment, value, wins]),
    ).toEqual([
      ["stored", "production", 13, true],
      ["stored", "staging", 12, false],
      ["stored", "base", 11, false],
      ["default", undefined, 10, false],
    ]);
    expect(explained.candidates[1].set).toMatchObject({ by: { kind: "token" }, revision: await head() });
    expect(explained.candidates[3]).not.toHaveProperty("set");
    const before = (await daemon.get(`/v1/environments/production/explain/shop.maxItems?revision=${explained.version - 1}`)).json;
    expect(before.value).not.toBe(13);
  });

  it("knows no undeclared key, and shows nothing of a sensitive one", async () => {
    expect((await daemon.get("/v1/environments/dev/explain/shop.nope")).json.code).toBe("configuration_not_found");
    expect((await daemon.get("/v1/environments/dev/explain/shop.delivery")).json.code).toBe("not_a_leaf");
    expect((await daemon.get("/v1/environments/nowhere/explain/shop.maxItems")).json.code).toBe("environment_not_found");
    expect((await daemon.get("/v1/environments/dev/explain/shop.apiKey")).json).toMatchObject({ masked: true, candidates: [] });
  });
});

describe("schemas", () => {
  it("are listed, read as stored, and replaced when everything stored stays valid", async () => {
    const { json, headers } = await daemon.get("/v1/schemas/mail");
    expect(json).toEqual(shopProject.schemas.mail);
    const next = { type: "object", properties: { from: { type: "string", default: "x" }, retries: { type: "integer", default: 2 } } };
    expect((await daemon.call("PUT", "/v1/schemas/mail", { body: next, headers: { "if-match": '"999"' } })).status).toBe(412);
    const put = await daemon.call("PUT", "/v1/schemas/mail", { body: next, headers: { "if-match": String(headers["etag"]) } });
    expect(put).toMatchObject({ status: 200, json: { namespace: "mail", issues: [] } });
    expect((await daemon.get("/v1/schemas")).json.schemas).toContainEqual({
      namespace: "mail",
      fingerprint: put.json.fingerprint,
      version: put.json.revision,
    });
    expect((await daemon.get("/v1/environments/dev/values/mail.retries")).json).toMatchObject({
      value: 2,
      layer: "default",
      version: put.json.revision,
    });
    await daemon.put("mail.retries", 5);
    const narrow = { type: "object", properties: { from: { type: "string" }, retries: { type: "integer", maximum: 4 } } };
    expect(await daemon.call("PUT", "/v1/schemas/mail", { body: narrow })).toMatchObject({
      status: 422,
      json: { issues: [{ key: "mail.retries", environment: "dev" }] },
    });
  });

  it("with a keyword that is not enforced are refused by its name", async () => {
    const refused = await daemon.call("PUT", "/v1/schemas/odd", {
      body: { type: "object", properties: { x: { type: "integer", unevaluatedItems: false } } },
    });
    expect(refused).toMatchObject({ status: 422, json: { code: "validation_failed" } });
    expect(refused.json.detail).toContain("unevaluatedItems");
    expect((await daemon.get("/v1/schemas/odd")).json.code).toBe("configuration_not_found");
  });
});
