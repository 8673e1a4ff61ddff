import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { serve, type Served } from "../serve.ts";

let daemon: Served;
const opened: Socket[] = [];
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy();
  await daemon.stop();
});

/** A peer that keeps its half of the connection open, whatever the daemon does. */
async function openPeer(listener: "tcp" | "unix"): Promise<Socket> {
  const where = listener === "unix" ? { path: String(daemon.daemon.socket) } : { port: Number(new URL(daemon.url).port) };
  const socket = connect({ host: "127.0.0.1", ...where, allowHalfOpen: true });
  opened.push(socket);
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** What a peer is told until the daemon's half of the connection ends. */
async function told(peer: Socket, message: string): Promise<string> {
  let text = "";
  peer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  peer.write(message);
  await once(peer, "end");
  return text;
}

/** Resolves when what the peer sends meets nobody. */
async function whenCut(peer: Socket): Promise<void> {
  const closed = new Promise<void>((resolve) => peer.on("close", () => resolve()));
  const timer = setInterval(() => peer.write("still here"), 20);
  await closed.finally(() => clearInterval(timer));
}

const upgrade = (headers: string) => `GET /v1/stream HTTP/1.1\r\n${headers}Connection: upgrade\r\nUpgrade: websocket\r\n\r\n`;
const own = () => `Host: ${new URL(daemon.url).host}\r\n`;

describe.each(["tcp", "unix"] as const)("over %s", (listener) => {
  it("an upgrade that is refused is cut, even if the peer never closes", async () => {
    daemon = await serve();
    const peer = await openPeer(listener);
    expect(await told(peer, upgrade(own()))).toMatch(/^HTTP\/1.1 401 [\s\S]*Connection: close[\s\S]*"code":"unauthenticated"/);
    await whenCut(peer);
  });

  it("what is no HTTP is answered in the contract's words and cut, even if the peer never closes", async () => {
    daemon = await serve();
    const peer = await openPeer(listener);
    expect(await told(peer, "hello\r\n\r\nhello\r\n\r\n")).toMatch(/^HTTP\/1.1 400 [\s\S]*"code":"invalid_request"/);
    await whenCut(peer);
  });

  it("a stop cuts what has not ended in time: refused, upgraded, asking and silent peers", async () => {
    daemon = await serve(undefined, undefined, { drainTimeoutMs: 50 });
    const asking = await openPeer(listener);
    asking.write(`POST /v1/batches HTTP/1.1\r\n${own()}Authorization: Bearer ${daemon.token}\r\nContent-Type: application/json\r\n`);
    asking.write("Content-Length: 100\r\n\r\n{");
    await openPeer(listener);
    const refused = await openPeer(listener);
    await told(refused, upgrade(own()));
    const subscribed = await openPeer(listener);
    const handshake = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    subscribed.write(upgrade(`${own()}Authorization: Bearer ${daemon.token}\r\n${handshake}`));
    await once(subscribed, "data");
    await expect(daemon.daemon.close()).resolves.toBeUndefined();
  });
});

it("an answer under way while the daemon stops says that its connection ends", async () => {
  daemon = await serve();
  const peer = await openPeer("tcp");
  const body = JSON.stringify({ value: 7 });
  const head = `PUT /v1/environments/dev/values/shop.maxItems HTTP/1.1\r\n${own()}Authorization: Bearer ${daemon.token}\r\n`;
  peer.write(`${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`);
  // The daemon has the request when it asks for the body.
  await once(peer, "data");
  const stopped = daemon.daemon.close();
  expect(await told(peer, body)).toMatch(/^HTTP\/1.1 200 [\s\S]*connection: close/i);
  peer.end();
  await stopped;
});
