import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serve, type Served } from "../serve.ts";

let daemon: Served;
beforeAll(async () => void (daemon = await serve()));
afterAll(() => daemon.stop());

const path = (key: string, environment = "dev") => `/v1/environments/${environment}/values/${key}`;

describe("a value", () => {
  it("is read with its version, layer and entity tag, and written with the next revision", async () => {
    const before = await daemon.get(path("shop.maxItems"));
    expect(before).toMatchObject({ status: 200, json: { key: "shop.maxItems", value: 10, version: 1, revision: 1, layer: "default" } });
    expect(before.headers).toMatchObject({ etag: '"1"', "setpoint-revision": "1" });
    const written = await daemon.put("shop.maxItems", 20);
    expect(written).toMatchObject({ status: 200, json: { key: "shop.maxItems", value: 20, version: 2, revision: 2, issues: [] } });
    expect(written.json.cursor).toMatch(/^2-[0-9a-f]{16}$/);
    expect(written.headers["setpoint-revision"]).toBe("2");
    expect((await daemon.get(path("shop.maxItems"))).json).toMatchObject({ value: 20, version: 2, layer: "stored" });
    expect(await daemon.get(path("shop.maxItems"), { "if-none-match": 'W/"7", "2"' })).toMatchObject({ status: 304, text: "" });
  });

  it("tells what now shows through when it is deleted", async () => {
    await daemon.put("shop.maxItems", 30, "base");
    await daemon.put("shop.maxItems", 40, "dev");
    const gone = await daemon.call("DELETE", path("shop.maxItems"));
    expect(gone).toMatchObject({ status: 200, json: { key: "shop.maxItems", value: 30 } });
    expect(gone.json.version).toBe(gone.json.revision);
    await daemon.put("shop.banner", "hello");
    const nothing = await daemon.call("DELETE", path("shop.banner"));
    expect(nothing.json).not.toHaveProperty("value");
    expect(nothing.json.version).toBe(0);
    expect(await daemon.get(path("shop.banner"))).toMatchObject({ status: 404, json: { code: "configuration_not_found" } });
  });

  it("is compared with the version that the writer saw", async () => {
    const { json } = await daemon.put("shop.maxItems", 50);
    const stale = await daemon.put("shop.maxItems", 51, "dev", { "if-match": `"${json.version - 1}"` });
    expect(stale).toMatchObject({ status: 412, json: { code: "version_mismatch", current: { value: 50, version: json.version } } });
    expect((await daemon.put("shop.maxItems", 51, "dev", { "if-match": `"${json.version}"` })).status).toBe(200);
    expect((await daemon.put("shop.banner", "x", "dev", { "if-match": '"0"' })).status).toBe(200);
    expect((await daemon.put("shop.banner", "y", "dev", { "if-match": '"0"' })).status).toBe(412);
    expect((await daemon.put("shop.banner", "y", "dev", { "if-none-match": "*" })).status).toBe(412);
    expect((await daemon.put("shop.banner", "y", "staging", { "if-none-match": "*" })).status).toBe(200);
    expect((await daemon.call("DELETE", path("shop.banner", "staging"), { headers: { "if-match": '"999"' } })).status).toBe(412);
  });

  it.each(["*", 'W/"2"', "2", '"2", "3"', '"', "", '"abc"', '"01"', '"-1"'])("takes no If-Match %j", async (tag) => {
    expect(await daemon.put("shop.maxItems", 9, "dev", { "if-match": tag })).toMatchObject({
      status: 400,
      json: { code: "invalid_request" },
    });
  });

  it("takes no condition where none is honoured", async () => {
    const { status } = await daemon.get(path("shop.maxItems"), { "if-match": '"2"' });
    expect(status).toBe(400);
    expect((await daemon.call("POST", "/v1/batches", { body: { changes: [] }, headers: { "if-match": '"2"' } })).status).toBe(400);
  });

  it("that is sensitive cannot be stored and is shown nowhere", async () => {
    expect(await daemon.put("shop.apiKey", "k")).toMatchObject({ status: 422, json: { code: "secrets_unavailable" } });
    expect((await daemon.get("/v1/environments/dev/config")).json.values).not.toHaveProperty("shop.apiKey");
  });

  it("keeps every JSON value exactly", async () => {
    const value = {
      a: [1, 0.1, 1.25e-300, -5e-324, 9007199254740991, null, true, "\u2028🎈"],
      nested: { constructor: 1, toString: { x: [] } },
    };
    await daemon.put("shop.delivery.rules", value);
    expect((await daemon.get(path("shop.delivery.rules"))).json.value).toEqual(value);
  });
});

describe("a configuration", () => {
  it("is flat, sorted, and filtered by patterns", async () => {
    const all = (await daemon.get("/v1/environments/production/config")).json;
    expect(Object.keys(all.values)).toEqual(Object.keys(all.values).toSorted());
    expect(all).toMatchObject({ environment: "production" });
    const some = (await daemon.get("/v1/environments/production/config?keys=shop.*,mail.**")).json;
    expect(Object.keys(some.values)).toEqual(["mail.from", "shop.banner", "shop.maxItems"]);
    expect(some.hash).not.toBe(all.hash);
    expect((await daemon.get("/v1/environments/production/config?keys=**")).json.hash).toBe(all.hash);
    expect((await daemon.get("/v1/environments/production/config?keys=a..b")).status).toBe(400);
  });

  it("is the same again where nothing changed, by its entity tag", async () => {
    const { headers } = await daemon.get("/v1/environments/production/config");
    await daemon.put("shop.banner", "only dev");
    expect((await daemon.get("/v1/environments/production/config", { "if-none-match": String(headers["etag"]) })).status).toBe(304);
  });

  it("is read as of a revision and as of a time", async () => {
    const { json: first } = await daemon.put("shop.maxItems", 61, "staging");
    await daemon.put("shop.maxItems", 62, "staging");
    const then = (await daemon.get(`/v1/environments/staging/config?revision=${first.revision}`)).json;
    expect(then).toMatchObject({ revision: first.revision, cursor: first.cursor, values: { "shop.maxItems": 61 } });
    const { at } = (await daemon.get(`/v1/revisions/${first.revision}`)).json;
    const atThatTime = (await daemon.get(`/v1/environments/staging/config?at=${encodeURIComponent(at)}`)).json;
    expect(atThatTime.revision).toBeGreaterThanOrEqual(first.revision);
    expect((await daemon.get("/v1/environments/staging/config?revision=999999")).json.code).toBe("revision_not_found");
    expect((await daemon.get("/v1/environments/staging/config?revision=0")).json.code).toBe("environment_not_found");
    expect((await daemon.get(`/v1/environments/staging/config?revision=1&at=${at}`)).status).toBe(400);
  });
});

describe("a merge patch", () => {
  it("sets and removes several keys as one revision, and can be tied to the whole configuration", async () => {
    const { headers } = await daemon.get("/v1/environments/dev/config");
    const tag = String(headers["etag"]);
    const patch = { shop: { maxItems: 70, delivery: { days: 5 } }, mail: { from: null } };
    const done = await daemon.call("PATCH", "/v1/environments/dev/values", { body: patch, headers: { "if-match": tag } });
    expect(done.status).toBe(200);
    expect(done.json.changes.map(({ key }: { key: string }) => key)).toEqual(["shop.maxItems", "shop.delivery.days", "mail.from"]);
    const again = await daemon.call("PATCH", "/v1/environments/dev/values", { body: patch, headers: { "if-match": tag } });
    expect(again).toMatchObject({ status: 412, json: { code: "version_mismatch" } });
  });

  it("is refused when it is empty, of the wrong type, or wrong in one place", async () => {
    const send = (body: unknown, headers = {}) => daemon.call("PATCH", "/v1/environments/dev/values", { body, headers });
    expect((await send({})).status).toBe(400);
    expect((await send({ shop: {} }, { "content-type": "application/json" })).status).toBe(415);
    const { json: before } = await daemon.get("/v1/environments/dev/config");
    expect(await send({ shop: { maxItems: 71, delivery: { days: "x" } } })).toMatchObject({
      status: 422,
      json: { code: "validation_failed" },
    });
    expect((await daemon.get("/v1/environments/dev/config")).json).toEqual(before);
  });
});
