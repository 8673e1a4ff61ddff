import { spawn } from "node:child_process";
import { once } from "node:events";
import { get, request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { createClient, type ServerClient } from "@setpoint/client";
import { createTestClient } from "@setpoint/client/testing";
import { contractValues, startMemoryUpstream, type ContractConfig, type MemoryUpstream } from "@setpoint/testkit";
import fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { currentConfig, setpoint } from "../src/index.ts";

let upstream: MemoryUpstream;
let client: ServerClient<ContractConfig>;
let app: FastifyInstance;

beforeEach(async () => {
  upstream = await startMemoryUpstream();
  client = createClient<ContractConfig>({ url: upstream.url, token: upstream.token, environment: "base" });
  await client.ready;
  app = fastify();
  await app.register(setpoint, { client });
});
afterEach(async () => {
  await app.close();
  await client.close();
  await upstream.close();
});

/** What each way of reading gives, after the context had a chance to get lost. */
async function tellConfig(request: FastifyRequest): Promise<object> {
  await new Promise(setImmediate);
  return { config: request.config.shop.maxItems, current: currentConfig()?.shop.maxItems };
}

test("encapsulated plugins see the configuration, whoever else is registered", async () => {
  await app.register(
    async (inner) => {
      inner.decorate("own", true);
      inner.get("/", tellConfig);
      await inner.register(async (innermost) => void innermost.get("/deep", tellConfig));
    },
    { prefix: "/inner" },
  );
  app.get("/", tellConfig);
  for (const url of ["/", "/inner", "/inner/deep"]) {
    expect((await app.inject({ url })).json()).toEqual({ config: 10, current: 10 });
  }
  expect(app.hasDecorator("own")).toBe(false);
});

test("a body may arrive long after its request began", async () => {
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  app.addHook("onRequest", async () => resolve());
  app.post("/", { preHandler: async () => expect(currentConfig()?.shop.maxItems).toBe(10) }, tellConfig);
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  const posting = request(origin, { method: "POST", headers: { "content-type": "application/json" } });
  posting.write('{"text": "');
  await begun;
  posting.end('late"}');
  const [response] = (await once(posting, "response")) as [IncomingMessage];
  expect(JSON.parse(await text(response))).toEqual({ config: 10, current: 10 });
});

test("error and not-found handlers have the configuration", async () => {
  app.setErrorHandler((error: Error, request, reply) =>
    reply.code(500).send({ message: error.message, maxItems: request.config.shop.maxItems }),
  );
  app.setNotFoundHandler((request, reply) => reply.code(404).send({ maxItems: request.config.shop.maxItems }));
  app.get("/", async () => {
    throw new Error("rejected");
  });
  expect((await app.inject({ url: "/" })).json()).toEqual({ message: "rejected", maxItems: 10 });
  expect((await app.inject({ url: "/nowhere" })).json()).toEqual({ maxItems: 10 });
});

test("a fault in `context` is the request's alone", async () => {
  const faulty = fastify();
  const context = ({ headers }: { readonly headers: Readonly<Record<string, unknown>> }) => {
    if (!headers["x-user"]) throw new Error("no session");
    return {};
  };
  await faulty.register(setpoint, { client, context });
  faulty.get("/", tellConfig);
  expect((await faulty.inject({ url: "/" })).json()).toMatchObject({ message: "no session" });
  expect((await faulty.inject({ url: "/", headers: { "x-user": "ann" } })).json()).toEqual({ config: 10, current: 10 });
  await faulty.close();
});

test("plugins outside of requests have the client", async () => {
  await app.register(async (inner) => expect(inner.setpoint.config.shop.maxItems).toBe(10));
  expect(app.setpoint).toBe(client);
});

test("outside of a request there is no current configuration", () => {
  expect(currentConfig()).toBeUndefined();
});

test("browsers connect by themselves, beside others who take upgrades", async () => {
  app.server.on("upgrade", (request, socket) => {
    if (request.url === "/other") socket.end("HTTP/1.1 418 I'm a teapot\r\nConnection: close\r\n\r\n");
  });
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  const socket = new WebSocket(`${origin.replace("http", "ws")}/setpoint/stream`);
  socket.addEventListener("open", () => socket.send(JSON.stringify({ type: "subscribe", environment: "any" })));
  const [message] = (await once(socket, "message")) as [{ readonly data: string }];
  expect(JSON.parse(message.data)).toMatchObject({ type: "snapshot", values: { "shop.maxItems": 10 } });
  expect(message.data).not.toContain("margin");
  expect(await upgradeStatus(`${origin}/other`)).toBe(418);
  const closed = once(socket, "close");
  await app.close();
  await closed;
});

test("an upgrade that nobody takes is refused", async () => {
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  expect(await upgradeStatus(`${origin}/nobody`)).toBe(404);
});

test("a request that merely offers another protocol is served", async () => {
  app.get("/", tellConfig);
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  const offer = get(origin, {
    headers: { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAMAAABkAARAAAAAAAIAAAAA" },
  });
  const [response] = (await once(offer, "response")) as [IncomingMessage];
  expect(JSON.parse(await text(response))).toMatchObject({ config: 10 });
});

test("the server closes although browsers hold event streams open", async () => {
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  const response = await fetch(`${origin}/setpoint/stream`, { headers: { accept: "text/event-stream" } });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let seen = "";
  while (!seen.includes("event: snapshot")) seen += (await reader?.read())?.value ?? "";
  expect(seen).not.toContain("margin");
  await app.close();
  while (!(await reader?.read())?.done) continue;
});

test("what is no stream request on that path is refused in words", async () => {
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  const response = await fetch(`${origin}/setpoint/stream`);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: "invalid_request" });
});

test("an application is tested with a client in memory", async () => {
  const testing = createTestClient<ContractConfig>({ ...contractValues }, { clientKeys: ["shop.maxItems"] });
  const tested = fastify();
  await tested.register(setpoint, { client: testing });
  tested.get("/", async (request) => [request.config.shop.maxItems, request.setpoint.forBrowser()?.values]);
  testing.set("shop.maxItems", 20);
  expect((await tested.inject({ url: "/" })).json()).toEqual([20, { "shop.maxItems": 20 }]);
  testing.disconnect();
  expect((await tested.inject({ url: "/" })).json()).toEqual([20, { "shop.maxItems": 20 }]);
  await tested.close();
  await testing.close();
});

test("closing everything lets the process end", async () => {
  const program = fileURLToPath(new URL("start-and-close.ts", import.meta.url));
  const child = spawn(process.execPath, [program, upstream.url, upstream.token], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  expect(await text(child.stdout)).toBe("10");
  expect(await ended).toEqual([0, null]);
});

/** The status that a WebSocket handshake is answered with. */
async function upgradeStatus(url: string): Promise<number | undefined> {
  const headers = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
  };
  const [response] = (await once(get(url, { headers }), "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}
