import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { createAdmin, ProblemError } from "../../src/admin/index.ts";

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A real server that keeps what it was asked, and answers as the test says. */
async function serve(answer: (seen: Seen, count: number, ...rest: Parameters<RequestListener>) => void, path?: string) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method, url, headers } = request;
      const one = { method, url, headers, body: Buffer.concat(chunks).toString() };
      seen.push(one);
      answer(one, seen.length, request, response);
    });
  });
  await new Promise<void>((resolve) => (path ? server.listen(path, resolve) : server.listen(0, "127.0.0.1", resolve)));
  endings.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { seen, url: path ? "http://localhost" : `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  (_: Seen, __: number, ___: IncomingMessage, response: Parameters<RequestListener>[1]) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

async function problemOf(call: Promise<unknown>): Promise<ProblemError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ProblemError);
  return error as ProblemError;
}

describe("a call", () => {
  test("is built from the route table", async () => {
    const { seen, url } = await serve(json({ revision: 4 }, 200, { etag: '"4"' }));
    const admin = createAdmin({ url, token: "sp_x_token" });
    const answer = await admin.call("writeValue", {
      params: { environment: "base", key: "a.b" },
      body: { value: { deep: null }, comment: "why" },
      headers: { "if-match": '"3"' },
    });
    expect(answer).toMatchObject({ status: 200, headers: { etag: '"4"' }, body: { revision: 4 } });
    expect(seen[0]).toMatchObject({
      method: "PUT",
      url: "/v1/environments/base/values/a.b",
      headers: {
        authorization: "Bearer sp_x_token",
        "content-type": "application/json",
        "if-match": '"3"',
        "idempotency-key": expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      },
      body: '{"value":{"deep":null},"comment":"why"}',
    });
  });

  test("carries query and media type, and escapes what stands in the path", async () => {
    const { seen, url } = await serve(json({}));
    const admin = createAdmin({ url, token: "sp_x_token" });
    await admin.call("patchValues", { params: { environment: "a/b?c" }, body: { a: { b: null } } });
    await admin.call("listRevisions", { query: { after: 7, key: "a b&c", limit: undefined } });
    await admin.call("commitBatch", { query: { preview: true }, body: { changes: [{ key: "a.b", delete: true }] } });
    expect(seen.map(({ url: asked }) => asked)).toEqual([
      "/v1/environments/a%2Fb%3Fc/values",
      "/v1/revisions?after=7&key=a+b%26c",
      "/v1/batches?preview=true",
    ]);
    expect(seen[0]?.headers["content-type"]).toBe("application/merge-patch+json");
    expect(seen[1]?.headers).not.toHaveProperty("idempotency-key");
    expect(seen[1]?.headers).not.toHaveProperty("content-type");
  });

  test("gives back a 304 without a body", async () => {
    const { url } = await serve((_, __, ___, response) => response.writeHead(304, { etag: '"1"' }).end());
    const admin = createAdmin({ url, token: "sp_x_token" });
    const answer = await admin.call("readConfig", { params: { environment: "base" }, headers: { "if-none-match": '"1"' } });
    expect(answer).toMatchObject({ status: 304, body: undefined });
  });

  test("goes over a socket", async () => {
    const folder = mkdtempSync(join(tmpdir(), "setpoint-admin-"));
    endings.push(() => rmSync(folder, { recursive: true }));
    const { seen } = await serve(json({ environments: [], revision: 0 }), join(folder, "daemon.sock"));
    const admin = createAdmin({ token: "sp_x_token", socketPath: join(folder, "daemon.sock") });
    expect((await admin.call("listEnvironments")).body.revision).toBe(0);
    expect(seen).toHaveLength(1);
  });

  test("finds the daemon by its state folder, and goes over TCP where the socket is dead", async () => {
    const folder = mkdtempSync(join(tmpdir(), "setpoint-admin-"));
    endings.push(() => rmSync(folder, { recursive: true }));
    const { seen, url } = await serve(json({ environments: [], revision: 3 }));
    writeFileSync(join(folder, "token"), "sp_state_token\n");
    writeFileSync(join(folder, "daemon.json"), JSON.stringify({ url, socket: join(folder, "token") }));
    const admin = createAdmin({ stateDir: folder, variables: {} });
    expect((await admin.call("listEnvironments")).body.revision).toBe(3);
    expect(seen[0]?.headers.authorization).toBe("Bearer sp_state_token");
  });
});

describe("a refusal", () => {
  test("is a ProblemError with everything that the problem says", async () => {
    const issue = {
      severity: "error",
      code: "constraint_violation",
      environment: "base",
      key: "a.b",
      message: "too large",
      expected: 5,
      received: 7,
      suggestions: [],
    };
    const problem = {
      type: "urn:setpoint:problem:version_mismatch",
      title: "t",
      status: 412,
      code: "version_mismatch",
      detail: "It is 3 now.",
      retryable: false,
      requestId: "r-1",
      issues: [issue],
      current: { value: 5, version: 3 },
    };
    const { seen, url } = await serve(json(problem, 412));
    const error = await problemOf(
      createAdmin({ url, token: "sp_x_token" }).call("deleteValue", { params: { environment: "base", key: "a.b" } }),
    );
    expect(error).toMatchObject({
      status: 412,
      code: "version_mismatch",
      message: "It is 3 now.",
      detail: "It is 3 now.",
      retryable: false,
      requestId: "r-1",
      issues: [issue],
      current: { value: 5, version: 3 },
    });
    expect(seen).toHaveLength(1);
  });

  test("says how long to wait", async () => {
    const { url } = await serve(json({ code: "rate_limited", detail: "slow down", retryable: true }, 429, { "retry-after": "3" }));
    expect(await problemOf(createAdmin({ url, token: "sp_x_token" }).call("livez"))).toMatchObject({
      code: "rate_limited",
      retryable: true,
      retryAfterMs: 3_000,
    });
  });

  test.each([
    [502, "<html>Bad gateway</html>", true],
    [404, "{}", false],
    [400, '{"code":"toString"}', false],
    [302, "", false],
  ])("of status %d that is no problem of ours is unreadable", async (status, text, retryable) => {
    const { url, seen } = await serve((_, __, ___, response) => response.writeHead(status, { location: "/elsewhere" }).end(text));
    expect(await problemOf(createAdmin({ url, token: "sp_x_token" }).call("livez"))).toMatchObject({
      status,
      code: "unreadable",
      retryable,
      issues: [],
    });
    expect(seen).toHaveLength(1);
  });

  test("a success that is not JSON is unreadable", async () => {
    const { url } = await serve((_, __, ___, response) => response.end("<html>"));
    expect(await problemOf(createAdmin({ url, token: "sp_x_token" }).call("livez"))).toMatchObject({ status: 200, code: "unreadable" });
  });

  test("no daemon is unreachable, in words and without the token", async () => {
    expect(await problemOf(createAdmin({ stateDir: "/nowhere", variables: {} }).call("livez"))).toMatchObject({
      status: 0,
      code: "unreachable",
      detail: expect.stringContaining("No daemon was found") as string,
    });
    const { url } = await serve(json({}));
    for (const end of endings.splice(0)) await end();
    const error = await problemOf(createAdmin({ url, token: "sp_x_secret" }).call("livez"));
    expect(error).toMatchObject({ status: 0, code: "unreachable", retryable: true });
    expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain("sp_x_secret");
  });
});

describe("a network that fails", () => {
  test("gets the same request again, with the same key, at most twice", async () => {
    const { seen, url } = await serve((_, count, request, response) => {
      if (count < 3) request.socket.destroy();
      else response.end("{}");
    });
    await createAdmin({ url, token: "sp_x_token" }).call("commitBatch", { body: { changes: [{ key: "a.b", value: 1 }] } });
    expect(seen).toHaveLength(3);
    expect(new Set(seen.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
    expect(new Set(seen.map(({ body }) => body)).size).toBe(1);
  });

  test("is given up on after that", async () => {
    const { seen, url } = await serve((_, __, request) => request.socket.destroy());
    const admin = createAdmin({ url, token: "sp_x_token" });
    expect(
      await problemOf(admin.call("writeSchema", { params: { namespace: "a" }, body: {}, headers: { "idempotency-key": "mine" } })),
    ).toMatchObject({ code: "unreachable" });
    expect(seen.map(({ headers }) => headers["idempotency-key"])).toEqual(["mine", "mine", "mine"]);
  });

  test("an answer that does not come in time is not waited for again", async () => {
    const { seen, url } = await serve(() => {});
    const error = await problemOf(createAdmin({ url, token: "sp_x_token", timeoutMs: 50 }).call("readyz"));
    expect(error).toMatchObject({ code: "unreachable", retryable: true, detail: expect.stringContaining("50 ms") as string });
    expect(seen).toHaveLength(1);
  });
});
