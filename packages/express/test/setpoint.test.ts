import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, get, request, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { createClient, type ServerClient } from "@setpoint/client";
import { createTestClient } from "@setpoint/client/testing";
import { contractValues, startMemoryUpstream, type ContractConfig, type MemoryUpstream } from "@setpoint/testkit";
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from "express";
import { afterEach, beforeEach, expect, test } from "vitest";
import { currentConfig, setpoint, type Setpoint } from "../src/index.ts";

let upstream: MemoryUpstream;
let client: ServerClient<ContractConfig>;
let live: Setpoint;
let app: Express;
let server: Server;
let origin: string;

beforeEach(async () => {
  upstream = await startMemoryUpstream();
  client = createClient<ContractConfig>({ url: upstream.url, token: upstream.token, environment: "base" });
  await client.ready;
  live = setpoint({ client });
  app = express();
  server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await live.close();
  await client.close();
  await upstream.close();
  server.closeAllConnections();
  server.close();
});

/** Answers with what each way of reading gives, after the context had a chance to get lost. */
const tellConfig: RequestHandler = async (request, response) => {
  await new Promise(setImmediate);
  response.json({ body: request.body as unknown, config: request.config.shop.maxItems, current: currentConfig()?.shop.maxItems });
};

test.each(["before", "after"])("a body parser may stand %s it", async (place) => {
  if (place === "before") app.use(express.json(), live);
  else app.use(live, express.json());
  app.post("/", tellConfig);
  const posting = request(origin, { method: "POST", headers: { "content-type": "application/json" } });
  const begun = once(server, "request");
  posting.write('{"text": "');
  await begun;
  posting.end('late"}');
  const [response] = (await once(posting, "response")) as [IncomingMessage];
  expect(JSON.parse(await text(response))).toEqual({ body: { text: "late" }, config: 10, current: 10 });
});

test("routers and mounted applications see the same configuration", async () => {
  const inner = express();
  inner.get("/", tellConfig);
  app.use(live);
  app.use("/router", express.Router().get("/", tellConfig));
  app.use("/application", inner);
  for (const path of ["/router", "/application"]) {
    expect(await (await fetch(origin + path)).json()).toMatchObject({ config: 10, current: 10 });
  }
});

test("faults reach the error handler, which still has the configuration", async () => {
  const onError: ErrorRequestHandler = (error: Error, request, response, _next) => {
    response.status(500).json({ message: error.message, maxItems: request.config.shop.maxItems, current: currentConfig()?.shop.maxItems });
  };
  app.use(live);
  app.get("/thrown", () => {
    throw new Error("thrown");
  });
  app.get("/rejected", async () => {
    await new Promise(setImmediate);
    throw new Error("rejected");
  });
  app.use(onError);
  for (const message of ["thrown", "rejected"]) {
    const response = await fetch(`${origin}/${message}`);
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({ message, maxItems: 10, current: 10 });
  }
});

test("a fault in `context` is the request's alone", async () => {
  const faulty = setpoint({
    client,
    context: () => {
      throw new Error("no session");
    },
  });
  app.use("/faulty", faulty);
  app.use(live);
  app.get("/", tellConfig);
  app.use(((error: Error, _request, response, _next) => void response.status(500).end(error.message)) satisfies ErrorRequestHandler);
  expect(await (await fetch(`${origin}/faulty`)).text()).toBe("no session");
  expect((await fetch(origin)).status).toBe(200);
  await faulty.close();
});

test("outside of a request there is no current configuration", () => {
  expect(currentConfig()).toBeUndefined();
});

test("browsers connect through the attached server, beside others who take upgrades", async () => {
  app.use(live);
  live.attach(server);
  server.on("upgrade", (request, socket) => {
    if (request.url === "/other") socket.end("HTTP/1.1 418 I'm a teapot\r\nConnection: close\r\n\r\n");
  });
  const socket = new WebSocket(`${origin.replace("http", "ws")}/setpoint/stream`);
  socket.addEventListener("open", () => socket.send(JSON.stringify({ type: "subscribe", environment: "any" })));
  const [message] = (await once(socket, "message")) as [{ readonly data: string }];
  expect(JSON.parse(message.data)).toMatchObject({ type: "snapshot", values: { "shop.maxItems": 10 } });
  expect(message.data).not.toContain("margin");
  expect(await upgradeStatus("/other")).toBe(418);
  const closed = once(socket, "close");
  await live.close();
  await closed;
  expect(server.listenerCount("upgrade")).toBe(1);
});

test("an upgrade that nobody takes is refused", async () => {
  live.attach(server);
  expect(await upgradeStatus("/nobody")).toBe(404);
});

test("a request that merely offers another protocol is served", async () => {
  app.use(live);
  app.get("/", tellConfig);
  live.attach(server);
  const offer = get(origin, {
    headers: { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAMAAABkAARAAAAAAAIAAAAA" },
  });
  const [response] = (await once(offer, "response")) as [IncomingMessage];
  expect(JSON.parse(await text(response))).toMatchObject({ config: 10 });
});

test("without a server attached, browsers still have the event stream", async () => {
  app.use(live);
  const response = await fetch(`${origin}/setpoint/stream`, { headers: { accept: "text/event-stream" } });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let seen = "";
  while (!seen.includes("event: snapshot")) seen += (await reader?.read())?.value ?? "";
  expect(seen).not.toContain("margin");
  await live.close();
});

test("after close requests are still served", async () => {
  app.use(live);
  app.get("/", tellConfig);
  await live.close();
  expect(await (await fetch(origin)).json()).toMatchObject({ config: 10 });
});

test("an application is tested with a client in memory", async () => {
  const testing = createTestClient<ContractConfig>({ ...contractValues }, { clientKeys: ["shop.maxItems"] });
  const tested = setpoint({ client: testing });
  app.use(tested);
  app.get("/", (request, response) => void response.json([request.config.shop.maxItems, request.setpoint.forBrowser()?.values]));
  testing.set("shop.maxItems", 20);
  expect(await (await fetch(origin)).json()).toEqual([20, { "shop.maxItems": 20 }]);
  testing.disconnect();
  expect(await (await fetch(origin)).json()).toEqual([20, { "shop.maxItems": 20 }]);
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

/** The status that a WebSocket handshake for `path` is answered with. */
async function upgradeStatus(path: string): Promise<number | undefined> {
  const headers = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
  };
  const [response] = (await once(get(`${origin}${path}`, { headers }), "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}
