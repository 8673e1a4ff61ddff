import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createManualTimers, type ManualTimers } from "./manual-timers.ts";
import { connect, startStreamServer, type StreamServer, type TestSocket } from "./stream-server.ts";

let timers: ManualTimers;
let server: StreamServer;

beforeEach(async () => {
  timers = createManualTimers();
  server = await startStreamServer({ timers, audiences: ["client"] });
});
afterEach(() => server.close());

async function subscribed(): Promise<TestSocket> {
  const socket = await connect(server.url);
  socket.send({ type: "subscribe", environment: "base", audience: "client" });
  await socket.nextOf("snapshot");
  return socket;
}

/** What is wrong is told, and the subscription goes on as if nothing had been sent. */
async function expectRefused(socket: TestSocket, message: string | object, code: string): Promise<string> {
  socket.send(message);
  const error = await socket.nextOf("error");
  expect(error.code).toBe(code);
  const { revision } = server.model.commit({ values: { "web.title": String(Math.random()) } });
  expect(await socket.next()).toMatchObject({ type: "change", revision });
  return error.detail;
}

describe("a wrong message is told and changes nothing", () => {
  test.each([
    ["not JSON", "{", /JSON/],
    ["no object", '"subscribe"', /object/],
    ["no type", "{}", /type/],
    [
      "a member that stands twice",
      '{"type":"subscribe","environment":"base","environment":"other"}',
      /environment stands twice|"environment"/,
    ],
    ["an unknown member", '{"type":"subscribe","environment":"base","since":3}', /since/],
    ["no environment", '{"type":"subscribe"}', /environment/],
    ["an environment that is no name", '{"type":"subscribe","environment":"a b"}', /environment/],
    ["a prototype name", '{"type":"subscribe","environment":"base","schemas":{"__proto__":"0123456789abcdef"}}', /__proto__/],
    ["a cursor below 0", '{"type":"subscribe","environment":"base","cursor":"-1"}', /cursor/],
    ["a cursor beyond reason", '{"type":"subscribe","environment":"base","cursor":"1e99"}', /cursor/],
    ["a cursor that is a number", '{"type":"subscribe","environment":"base","cursor":3}', /cursor/],
    ["a short hash", '{"type":"subscribe","environment":"base","hash":"abc"}', /hash/],
    ["a third audience", '{"type":"subscribe","environment":"base","audience":"admin"}', /audience/],
    ["an ack without its state", '{"type":"ack","cursor":"1"}', /hash|status/],
  ])("%s", async (_name, message, detail) => {
    expect(await expectRefused(await subscribed(), message, "invalid_request")).toMatch(detail);
  });

  test("an environment that is not there", async () => {
    await expectRefused(await subscribed(), { type: "subscribe", environment: "pord", audience: "client" }, "environment_not_found");
  });

  test("an audience that the connection may not have, also by default", async () => {
    await expectRefused(await subscribed(), { type: "subscribe", environment: "base", audience: "server" }, "access_denied");
    await expectRefused(await subscribed(), { type: "subscribe", environment: "base" }, "access_denied");
  });

  test("a named snapshot that is not there", async () => {
    const message = { type: "subscribe", environment: "base", audience: "client", snapshot: "before-launch" };
    await expectRefused(await subscribed(), message, "revision_not_found");
  });

  test("before the first subscription as well", async () => {
    const socket = await connect(server.url);
    socket.send({ type: "subscribe", environment: "pord" });
    expect(await socket.next()).toMatchObject({ type: "error", code: "environment_not_found" });
    socket.send({ type: "subscribe", environment: "base", audience: "client" });
    expect(await socket.next()).toMatchObject({ type: "snapshot", reason: "first" });
  });
});

test("types that are not known yet are ignored, whatever they hold", async () => {
  const socket = await subscribed();
  socket.send({ type: "telemetry", anything: [1, 2, 3] });
  socket.send({ type: "user", id: "ann" });
  socket.send({ type: "release", id: "ann" });
  server.model.commit({ values: { "web.title": "next" } });
  expect(await socket.next()).toMatchObject({ type: "change" });
});

describe("what breaks the protocol closes the connection", () => {
  test("binary", async () => {
    const socket = await subscribed();
    socket.ws.send(Buffer.from('{"type":"subscribe","environment":"base"}'));
    expect(await socket.closed).toBe(1003);
  });

  test("more than 16 KiB", async () => {
    const socket = await subscribed();
    socket.send({ type: "telemetry", text: "x".repeat(16 * 1024 - 60) });
    server.model.commit({ values: { "web.title": "still there" } });
    expect(await socket.next()).toMatchObject({ type: "change" });
    socket.send({ type: "telemetry", text: "x".repeat(16 * 1024) });
    expect(await socket.closed).toBe(1009);
  });

  test("a frame that is not masked, has a reserved bit or opcode, or is not UTF-8", async () => {
    const text = '{"type":"x"}';
    const mask = [0, 0, 0, 0];
    const frames: [number, number[]][] = [
      [1002, [0x81, text.length, ...Buffer.from(text)]],
      [1002, [0xc1, 0x80 | text.length, ...mask, ...Buffer.from(text)]],
      [1002, [0x83, 0x80, ...mask]],
      [1002, [0x89, 0x80 | 126, 0, 126, ...mask]],
      [1007, [0x81, 0x82, ...mask, 0xc3, 0x28]],
      [1009, [0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, ...mask]],
    ];
    for (const [code, bytes] of frames) expect(await closeCodeAfter(bytes)).toBe(code);
  });

  test("a flood of messages, of pings, of subscriptions", async () => {
    const floods: ((socket: TestSocket) => void)[] = [
      (socket) => socket.send({ type: "telemetry" }),
      (socket) => socket.ws.ping(),
      (socket) => socket.send({ type: "subscribe", environment: "base", audience: "client" }),
    ];
    for (const flood of floods) {
      const socket = await subscribed();
      for (let count = 0; count < 3_000; count += 1) flood(socket);
      expect([1006, 1008]).toContain(await socket.closed);
    }
    await expect.poll(() => server.hub.counts()).toMatchObject({ connections: 0, subscribers: 0 });
  });

  test("no answer to pings", async () => {
    const socket = await connect(`${server.url}?environment=base`);
    await socket.next();
    timers.advance(30_000);
    await once(socket.ws, "ping");
    await expect.poll(() => server.hub.counts().connections).toBe(1);
    // The pong that the library sends by itself keeps the connection; a silent peer's is cut.
    const silent = await openRaw("/?environment=base");
    silent.write(maskedText('{"type":"telemetry"}'));
    await expect.poll(() => server.hub.counts().connections).toBe(2);
    const cut = new Promise((resolve) => silent.on("error", () => {}).once("close", resolve));
    timers.advance(30_000);
    timers.advance(30_000);
    await cut;
  });
});

function maskedText(text: string): Uint8Array {
  return Uint8Array.from([0x81, 0x80 | text.length, 0, 0, 0, 0, ...Buffer.from(text)]);
}

async function openRaw(path: string) {
  const [host = "", port] = (server.url.split("/")[0] ?? "").split(":");
  const raw = connectTcp(Number(port), host);
  await once(raw, "connect");
  raw.write(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  await once(raw, "data");
  return raw;
}

/** Sends bytes on a connection that waits for its subscription and reads the close frame. */
async function closeCodeAfter(bytes: readonly number[]): Promise<number> {
  const raw = await openRaw("/");
  raw.write(Uint8Array.from(bytes));
  const [answer] = (await once(raw, "data")) as [Buffer];
  raw.destroy();
  expect(answer[0]).toBe(0x88);
  return answer.readUInt16BE(2);
}
