import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { serve, type Served } from "../serve.ts";

let daemon: Served;
const opened: Socket[] = [];
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy();
  await daemon.stop();
});

const config = "/v1/environments/dev/config";
/** How long what is certain to happen may take. */
const patience = { timeout: 15_000 };

/** A peer that asks for far more than the system holds for it, and reads nothing of it. */
async function openSilentPeer(): Promise<Socket> {
  await daemon.put("shop.banner", "x".repeat(250_000));
  const { host, port } = new URL(daemon.url);
  const socket = connect(Number(port), "127.0.0.1");
  opened.push(socket);
  socket.on("error", () => {}).pause();
  await once(socket, "connect");
  socket.write(`GET ${config} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${daemon.token}\r\n\r\n`.repeat(200));
  return socket;
}

it("a peer that reads nothing of its answers is cut", async () => {
  daemon = await serve(undefined, undefined, { answerTimeoutMs: 100 });
  const peer = await openSilentPeer();
  const closed = new Promise<void>((resolve) => peer.on("close", () => resolve()));
  const timer = setInterval(() => peer.write("GET"), 20);
  await closed.finally(() => clearInterval(timer));
  expect((await daemon.get(config)).status).toBe(200);
});

it("large reads are refused while too much waits for peers that do not read, and small ones are not", async () => {
  daemon = await serve(undefined, undefined, { unsentBytesMax: 100_000 });
  const peer = await openSilentPeer();
  await expect.poll(async () => (await daemon.get(config)).status, patience).toBe(429);
  const refused = await daemon.get("/v1/revisions");
  expect(refused).toMatchObject({ status: 429, json: { code: "rate_limited", retryable: true } });
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
  expect((await daemon.get("/v1/environments/dev/values/shop.maxItems")).status).toBe(200);
  expect((await daemon.put("shop.maxItems", 20)).status).toBe(200);
  peer.destroy();
  await expect.poll(async () => (await daemon.get(config)).status, patience).toBe(200);
});

it("a configuration that was sent before is sent again until anything changes", async () => {
  daemon = await serve();
  const past = async (environment: string) => {
    const { revision } = (await daemon.get("/readyz")).json;
    return (await daemon.get(`/v1/environments/${environment}/config?revision=${revision}`)).json;
  };
  for (const value of [20, 30]) {
    await daemon.put("shop.maxItems", value, "base");
    for (const environment of ["dev", "staging", "dev"]) {
      const reply = await daemon.get(`/v1/environments/${environment}/config`);
      expect(reply.json.values["shop.maxItems"]).toBe(value);
      expect(reply.json).toEqual(await past(environment));
      expect(reply.headers["etag"]).toBe(`"${reply.json.hash}"`);
      expect((await daemon.get(`/v1/environments/${environment}/config`, { "if-none-match": reply.headers["etag"] })).status).toBe(304);
    }
  }
  await daemon.batch([{ kind: "environment", key: "dev", delete: true }]);
  expect((await daemon.get(config)).json.code).toBe("environment_not_found");
});
