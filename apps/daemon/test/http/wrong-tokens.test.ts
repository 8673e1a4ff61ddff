import { request } from "node:http";
import { connect } from "node:net";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { afterEach, expect, it } from "vitest";
import { serve, type Served } from "../serve.ts";

let daemon: Served;
afterEach(() => daemon.stop());

const hourMs = 3_600_000;
const ask = async (authorization: string | undefined) => (await daemon.get("/v1/environments", { authorization })).status;

/** Asks over the Unix socket. */
async function askLocally(authorization: string): Promise<number> {
  const asking = request({ socketPath: daemon.daemon.socket, path: "/v1/environments", headers: { authorization } }).end();
  const [response] = (await once(asking, "response")) as [{ statusCode: number; resume(): void }];
  response.resume();
  return response.statusCode;
}

it("beyond the limit are told to wait, on either listener and at the stream's door, while the right one is let in", async () => {
  daemon = await serve(undefined, undefined, { wrongTokensMax: 3, wrongTokensWindowMs: hourMs });
  const right = `Bearer ${daemon.token}`;
  expect([await ask("Bearer a"), await ask("Basic b"), await ask(`${right}x`)]).toEqual([401, 401, 401]);
  const refused = await daemon.get("/v1/environments", { authorization: "Bearer d" });
  expect(refused).toMatchObject({ status: 429, json: { code: "rate_limited", retryable: true } });
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);

  const { port, host } = new URL(daemon.url);
  const socket = connect(Number(port), "127.0.0.1");
  socket.write(`GET /v1/stream HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer e\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n`);
  expect(await text(socket)).toMatch(/^HTTP\/1.1 429 [\s\S]*Retry-After: \d/i);

  expect([await ask(right), await ask("Bearer f"), await ask(right)]).toEqual([200, 429, 200]);
  // Who shows no token at all guesses nothing.
  expect(await ask(undefined)).toBe(401);

  expect([await askLocally("Bearer a"), await askLocally(right)]).toEqual([401, 200]);
  for (let time = 0; time < 3; time += 1) await askLocally("Bearer a");
  expect([await askLocally("Bearer a"), await askLocally(right)]).toEqual([429, 200]);
});

it("count for a time only", async () => {
  daemon = await serve(undefined, undefined, { wrongTokensMax: 1, wrongTokensWindowMs: 200 });
  await expect.poll(() => ask("Bearer a"), { interval: 0, timeout: 15_000 }).toBe(429);
  await expect.poll(() => ask("Bearer a"), { timeout: 15_000 }).toBe(401);
});
