import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serve, type Served } from "../serve.ts";

let daemon: Served;
beforeAll(async () => void (daemon = await serve()));
afterAll(() => daemon.stop());

const target = "/v1/environments/dev/values/shop.maxItems";

/** What a raw message is answered with. */
function raw(message: string): Promise<string> {
  const { port } = new URL(daemon.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(message));
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => (text += chunk));
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}

describe("refusals", () => {
  it("come in the contract's order", async () => {
    const everything = {
      host: "evil.example",
      origin: "https://evil.example",
      authorization: "Bearer wrong",
      "content-type": "text/plain",
      "if-match": "*",
    };
    const steps: [fix: Record<string, string | undefined>, path: string, method: string, status: number, code: string][] = [
      [{}, "/v1/nope?x=1", "POST", 421, "host_refused"],
      [{ host: undefined }, "/v1/nope?x=1", "POST", 403, "origin_refused"],
      [{ origin: undefined }, "/v1/nope?x=1", "POST", 401, "unauthenticated"],
      [{ authorization: `Bearer ${daemon.token}` }, "/v1/nope?x=1", "POST", 404, "route_not_found"],
      [{}, `${target}?x=1`, "POST", 405, "method_not_allowed"],
      [{}, `${target.replace("/dev/", "/nowhere/")}?x=1`, "PUT", 400, "invalid_request"],
      [{}, target.replace("/dev/", "/nowhere/"), "PUT", 400, "invalid_request"], // If-Match: *
      [{ "if-match": '"77"' }, target.replace("/dev/", "/nowhere/"), "PUT", 415, "unsupported_media_type"],
      [{ "content-type": "application/json" }, target.replace("/dev/", "/nowhere/"), "PUT", 413, "too_large"],
    ];
    let headers: Record<string, string | undefined> = { ...everything };
    for (const [fix, path, method, status, code] of steps) {
      headers = { ...headers, ...fix };
      const reply = await daemon.call(method, path, { raw: `{"value": ${"[".repeat(1024 * 1024 + 1)}`, headers });
      expect([path, reply.status, reply.json.code]).toEqual([path, status, code]);
      expect(reply.headers["content-type"]).toContain("application/problem+json");
      expect(reply.headers["setpoint-request-id"]).toBe(reply.json.requestId);
    }
    const send = (path: string, body: unknown) => daemon.call("PUT", path, { body, headers: { "if-match": '"77"' } });
    expect((await send("/v1/environments/nowhere/values/a..b", {})).json.code).toBe("invalid_request"); // the body
    expect((await send("/v1/environments/nowhere/values/a..b", { value: 1_000 })).json.code).toBe("environment_not_found");
    expect((await send("/v1/environments/vault/values/a..b", { value: 1_000 })).json.code).toBe("invalid_key");
    expect((await send("/v1/environments/vault/values/shop.maxItems", { value: 1_000 })).json.code).toBe("approval_required");
    expect((await send("/v1/environments/dev/values/shop.maxItems", { value: 1_000 })).json.code).toBe("version_mismatch");
    expect((await daemon.put("shop.maxItems", 1_000)).json.code).toBe("validation_failed");
  });

  it.each(["evil.example", "localhost.evil:PORT", "127.0.0.1:1", "127.0.0.1.:PORT", "localhost", "[::1]"])(
    "answer the host %j with 421 on every route",
    async (host) => {
      const { port } = new URL(daemon.url);
      for (const path of ["/livez", "/readyz", "/openapi.json", "/v1/environments", "/v1/stream?environment=dev", "/"]) {
        expect((await daemon.get(path, { host: host.replace("PORT", port) })).status).toBe(421);
      }
    },
  );

  it("answer an empty, a missing and a second host with 421", async () => {
    for (const lines of ["Host: \r\n", "", `Host: ${new URL(daemon.url).host}\r\nHost: evil.example\r\n`]) {
      expect(await raw(`GET /livez HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`)).toMatch(/^HTTP\/1.1 421 [\s\S]*host_refused/);
    }
  });

  it.each(["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])("let the host %s through", async (name) => {
    expect((await daemon.get("/livez", { host: `${name}:${new URL(daemon.url).port}`, authorization: undefined })).json).toEqual({
      status: "ok",
    });
  });

  it.each(["https://evil.example", "null", "file://", "http://127.0.0.1.evil.example", "https://OWN"])(
    "answer the origin %s with 403, reads too",
    async (origin) => {
      const reply = await daemon.get("/v1/environments", { origin: origin.replace("OWN", new URL(daemon.url).host) });
      expect(reply).toMatchObject({ status: 403, json: { code: "origin_refused" } });
      expect(reply.headers).not.toHaveProperty("access-control-allow-origin");
    },
  );

  it("let the daemon's own origin through", async () => {
    expect((await daemon.get("/v1/environments", { origin: daemon.url })).status).toBe(200);
  });

  it.each([
    undefined,
    "",
    "Bearer",
    "Bearer ",
    "Basic eDp5",
    "Bearer sp_x_y",
    "bearer TOKEN",
    "Bearer TOKENx",
    "Bearer TOKEN, Bearer TOKEN",
  ])("answer Authorization %j with 401", async (given) => {
    const reply = await daemon.get("/v1/environments", { authorization: given?.replaceAll("TOKEN", daemon.token) });
    expect(reply).toMatchObject({ status: 401, json: { code: "unauthenticated" } });
    expect(reply.text).not.toContain(daemon.token);
    expect(reply.headers).not.toHaveProperty("setpoint-revision");
  });

  it("answer two Authorization headers, and a token in the query, with 401", async () => {
    const { host } = new URL(daemon.url);
    const line = `Authorization: Bearer ${daemon.token}\r\n`;
    expect(await raw(`GET /v1/environments HTTP/1.1\r\nHost: ${host}\r\n${line}${line}Connection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 401 /,
    );
    expect((await daemon.get(`/v1/environments?token=${daemon.token}`, { authorization: undefined })).status).toBe(401);
  });

  it.each([
    "application/JSON",
    "application/json;",
    "application/json; charset=latin1",
    "application/json; charset=utf-8; x=1",
    "text/plain",
    "application/x-www-form-urlencoded",
    "\tapplication/xml",
    undefined,
  ])("answer the content type %j with 415", async (type) => {
    const reply = await daemon.call("PUT", target, { raw: '{"value": 5}', headers: { "content-type": type } });
    expect(reply).toMatchObject({ status: 415, json: { code: "unsupported_media_type" } });
  });

  it("answer compressed bodies with 415", async () => {
    expect((await daemon.call("PUT", target, { raw: "x", headers: { "content-encoding": "gzip" } })).status).toBe(415);
  });

  it.each([
    ['{"value": 1, "value": 2}', "twice"],
    ['{"value": 1, "va\\u006cue": 2}', "twice"],
    ['{"value": {"__proto__": 1}}', "__proto__"],
    ['{"value": 12345678901234567890}', "exact integers"],
    ['{"value": 9007199254740992.0}', "exact integers"],
    ['{"value": 1e20}', "exact integers"],
    ['{"value": 1e400}', "too large"],
    ['{"value": 1e-400}', "too small"],
    ['{"value": -0}', "would become 0"],
    ['{"value": "\\ud800"}', "lone surrogate"],
    [`{"value": ${"[".repeat(100)}${"]".repeat(100)}}`, "Deeper than 64"],
    [`{"value": ${"[".repeat(100_000)}`, "Deeper than 64"],
    ['{"value": 1', "Not JSON"],
    ["", "Not JSON"],
    ["\ufeff{}", ""],
  ])("say what is wrong with the body %s", async (body, words) => {
    const reply = await daemon.call("PUT", target, { raw: body });
    expect(reply).toMatchObject({ status: 400, json: { code: "invalid_request" } });
    expect(reply.json.detail).toContain(words);
  });

  it("tell a value that is too large before anything else of the body", async () => {
    const value = "x".repeat(300_000);
    expect((await daemon.call("PUT", target, { body: { value, actor: "me" } })).json.code).toBe("too_large");
    expect((await daemon.call("POST", "/v1/batches", { body: { changes: [{ key: "x", value }], actor: "me" } })).json.code).toBe(
      "too_large",
    );
  });

  it.each([1024 * 1024 + 1, 8_000_000])(
    "answer a body of %d bytes with 413, however it is sent, and the connection stays usable",
    async (size) => {
      for (let round = 0; round < 3; round += 1) {
        const sized = await daemon.call("PUT", target, { raw: Buffer.alloc(size, "x") });
        expect(sized).toMatchObject({ status: 413, json: { code: "too_large" } });
        const chunked = await daemon.call("PUT", target, {
          raw: Buffer.alloc(size, "x"),
          headers: { "content-length": undefined, "transfer-encoding": "chunked" },
        });
        expect(chunked.status).toBe(413);
      }
    },
  );

  it("answer 413 as soon as a body in chunks is too large, without waiting for its end", async () => {
    const { host } = new URL(daemon.url);
    const head = `PUT ${target} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${daemon.token}\r\nContent-Type: application/json\r\n`;
    expect(await raw(`${head}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n${" ".repeat(1024 * 1024 + 1)}`)).toMatch(
      /^HTTP\/1.1 413 /,
    );
  });

  it("answer 413 to a sender that announces too much and waits", async () => {
    const { host } = new URL(daemon.url);
    const head = `PUT ${target} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${daemon.token}\r\nContent-Type: application/json\r\n`;
    expect(await raw(`${head}Connection: close\r\nContent-Length: 2000000\r\n\r\n`)).toMatch(/^HTTP\/1.1 413 /);
  });

  it("take no offer to upgrade that is not the stream's", async () => {
    for (const upgrade of ["h2c", "websocket", "TLS/1.3"]) {
      const reply = await daemon.get("/v1/environments", { connection: "Upgrade", upgrade });
      expect(reply.status).toBe(200);
      expect(reply.headers["setpoint-revision"]).toBeDefined();
    }
    expect((await daemon.get("/livez", { expect: "200-ok" })).status).toBe(200);
  });

  it("answer a wrong handshake with a problem and the revision", async () => {
    const { host } = new URL(daemon.url);
    const ask = (path: string, version: string) =>
      raw(
        `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${daemon.token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          `Sec-WebSocket-Version: ${version}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      );
    expect(await ask("/v1/stream?environment=dev", "12")).toMatch(/^HTTP\/1.1 400 [\s\S]*Setpoint-Revision: \d+[\s\S]*invalid_request/);
    expect(await ask("/v1/stream?environment=nowhere", "13")).toMatch(
      /^HTTP\/1.1 404 [\s\S]*Setpoint-Revision: \d+[\s\S]*environment_not_found/,
    );
    expect(await ask("/v1/stream?environment=dev&cursor=7x", "13")).toMatch(/^HTTP\/1.1 400 /);
  });

  it("answer a body that is not UTF-8 with 400", async () => {
    const body = Buffer.concat([Buffer.from('{"value": "'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
    expect((await daemon.call("PUT", target, { raw: body })).status).toBe(400);
  });

  it.each(["?x=1", "?preview", "?preview=1&preview=2", "?__proto__[x]=1", "?a[b]=1", "?%ZZ=1"])(
    "answer the query %s with 400",
    async (query) => {
      expect((await daemon.get(`/v1/environments${query}`)).status).toBe(400);
    },
  );

  it.each([
    "/v1/environments/",
    "/V1/environments",
    "/v1//environments",
    "/v1/environments/dev%2fconfig",
    "/v1/environments/../environments",
    "/metrics",
  ])("know no other spelling of a route: %s", async (path) => {
    expect(await daemon.get(path)).toMatchObject({ status: 404, json: { code: "route_not_found" } });
  });

  it.each([
    "__proto__.x",
    "constructor.prototype",
    "a.__proto__.b",
    "shop..x",
    ".shop",
    "shop.",
    "1a",
    "shop.a%20b",
    "sh%6Fp.%00",
    "a__b",
    `shop.${"x".repeat(252)}`,
    "s" + ".a".repeat(16),
    "shop%2FmaxItems",
  ])("answer the key %s with invalid_key", async (key) => {
    expect((await daemon.put(key, 1)).json.code).toBe("invalid_key");
    expect((await daemon.get(`/v1/environments/dev/values/${key}`)).json.code).toBe("invalid_key");
  });

  it("answer paths that are no UTF-8 with 400, after host and token", async () => {
    expect((await daemon.get("/v1/%ZZ")).status).toBe(400);
    expect((await daemon.get("/v1/%ZZ", { authorization: undefined })).status).toBe(401);
    expect((await daemon.get("/v1/%ZZ", { host: "evil.example" })).status).toBe(421);
  });

  it.each(["http://evil.example/livez", "http://OWN/v1/environments", "livez", "*"])("answer the target %s with 400", async (given) => {
    const { host } = new URL(daemon.url);
    const message = `GET ${given.replace("OWN", host)} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${daemon.token}\r\n`;
    expect(await raw(`${message}Connection: close\r\n\r\n`)).toMatch(/^HTTP\/1.1 400 [\s\S]*invalid_request/);
    const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    expect(await raw(`${message.replace("/livez", "/v1/stream")}${upgrade}Connection: close\r\n\r\n`)).toMatch(/^HTTP\/1.1 400 /);
  });

  it("answer what is no HTTP with one problem and the end of the connection", async () => {
    expect(await raw("BLAH\r\n\r\n")).toMatch(/^HTTP\/1.1 400 .*\r\n[\s\S]*invalid_request/);
    const { host } = new URL(daemon.url);
    const smuggled = `POST /v1/batches HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /livez HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    expect((await raw(smuggled)).match(/HTTP\/1.1 /g)).toHaveLength(1);
  });

  it("never speak of paths or stacks", async () => {
    const replies = await Promise.all([
      daemon.get("/nope"),
      daemon.put("shop.maxItems", null),
      daemon.get("/v1/%ZZ"),
      daemon.call("PUT", target, { raw: "{" }),
    ]);
    for (const { text } of replies) expect(text).not.toMatch(/node_modules|\.ts:|\.js:|\\n +at /);
  });
});

it("HEAD with the entity tag that is known is answered with 304, as GET is", async () => {
  for (const path of ["/v1/environments/dev/config", target]) {
    const { etag } = (await daemon.get(path)).headers;
    for (const method of ["GET", "HEAD"]) {
      expect((await daemon.call(method, path, { headers: { "if-none-match": String(etag) } })).status).toBe(304);
      expect((await daemon.call(method, path, { headers: { "if-none-match": '"other"' } })).status).toBe(200);
    }
  }
});

describe("Idempotency-Key", () => {
  const headers = { "idempotency-key": "order-66" };

  it("applies a repeated request once, also after a restart", async () => {
    const first = await daemon.put("shop.maxItems", 33, "dev", headers);
    await daemon.put("shop.maxItems", 34);
    const again = await daemon.put("shop.maxItems", 33, "dev", headers);
    expect(again).toMatchObject({ status: 200, text: first.text });
    expect(again.headers).toMatchObject({ "idempotency-replayed": "true", "setpoint-revision": String(first.json.revision + 1) });
    daemon = await daemon.restart(null);
    expect((await daemon.put("shop.maxItems", 33, "dev", headers)).json).toEqual(first.json);
    expect((await daemon.get(target)).json.value).toBe(34);
  });

  it("belongs to one request only", async () => {
    expect(await daemon.put("shop.maxItems", 35, "dev", headers)).toMatchObject({ status: 422, json: { code: "idempotency_mismatch" } });
    expect((await daemon.put("shop.maxItems", 33, "base", headers)).status).toBe(422);
  });

  it("does not keep refusals", async () => {
    const key = { "idempotency-key": "fresh" };
    expect((await daemon.put("shop.maxItems", 1_000, "dev", key)).status).toBe(422);
    expect((await daemon.put("shop.maxItems", 36, "dev", key)).status).toBe(200);
  });

  it("answers 409 while the first is under way, or the first's answer", async () => {
    const key = { "idempotency-key": "twins" };
    const both = await Promise.all([daemon.put("shop.maxItems", 37, "dev", key), daemon.put("shop.maxItems", 37, "dev", key)]);
    const statuses = both.map(({ status }) => status).toSorted((a, b) => a - b);
    expect([
      [200, 200],
      [200, 409],
    ]).toContainEqual(statuses);
    const applied = (await daemon.get("/v1/revisions?limit=1000")).json.revisions.filter(({ revision }: { revision: number }) =>
      both.some(({ json }) => json.revision === revision),
    );
    expect(applied).toHaveLength(1);
  });

  it.each(["", "x".repeat(129), "a b", "ü"])("refuses the key %j", async (key) => {
    expect((await daemon.put("shop.maxItems", 5, "dev", { "idempotency-key": Buffer.from(key).toString("latin1") })).status).toBe(400);
  });
});
