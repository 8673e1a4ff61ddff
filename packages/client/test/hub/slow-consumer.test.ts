import type { DownFrame } from "@setpoint/protocol/frames";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { afterEach, expect, test } from "vitest";
import { createManualTimers } from "./manual-timers.ts";
import { connect, startStreamServer, type StreamServer, type TestSocket } from "./stream-server.ts";
import { createWitness, type Witness } from "./witness.ts";

let server: StreamServer;
afterEach(() => server.close());

const projection = { environment: "base", audience: "server" } as const;
const base = "?environment=base";

async function readTo(socket: TestSocket, witness: Witness, revision: number): Promise<void> {
  while (witness.revision < revision) witness.take(await socket.next());
}

/** Writes about 40 MB of changes, more than the operating system's buffers take, while readers read along. */
async function writeMuch(): Promise<void> {
  for (let count = 0; count < 400; count += 1) {
    server.model.commit({ values: { [`app.k${count % 3}`]: `${count}:${"x".repeat(100_000)}` } });
    await new Promise(setImmediate);
  }
}

test("a socket that stops reading gets one joined frame once it reads again; others see every change", async () => {
  server = await startStreamServer();
  const [slow, healthy] = [await connect(server.url + base), await connect(server.url + base)];
  const [slowWitness, healthyWitness] = [createWitness(), createWitness()];
  slowWitness.take(await slow.next());
  slow.ws.pause();
  const reading = readTo(healthy, healthyWitness, 400);
  await writeMuch();
  await reading;
  expect(healthyWitness.changes).toBe(400);
  expect(healthyWitness.values).toEqual(server.model.values(projection));

  slow.ws.resume();
  await readTo(slow, slowWitness, 400);
  expect(slowWitness.values).toEqual(server.model.values(projection));
  expect(slowWitness.changes).toBeLessThan(200);
  expect(slowWitness.reasons).toEqual(["first"]);

  server.model.commit({ values: { "app.size": 1 } });
  await readTo(slow, slowWitness, 401);
}, 30_000);

test("where the way is not known any more it gets a snapshot that says so", async () => {
  server = await startStreamServer();
  const slow = await connect(server.url + base);
  const witness = createWitness();
  witness.take(await slow.next());
  slow.ws.pause();
  await writeMuch();
  server.model.prune(400);
  slow.ws.resume();
  await readTo(slow, witness, 400);
  expect(witness.reasons).toEqual(["first", "behind"]);
  expect(witness.values).toEqual(server.model.values(projection));
}, 30_000);

test("100 sockets that never read cost no more than their limit, and are cut in the end", async () => {
  const timers = createManualTimers();
  server = await startStreamServer({ timers });
  const sockets = await Promise.all(Array.from({ length: 100 }, () => connect(server.url + base)));
  for (const socket of sockets) {
    await socket.next();
    socket.ws.pause();
  }
  const before = process.memoryUsage().arrayBuffers;
  await writeMuch();
  // The ring's share is bounded on its own; the sockets share its buffers.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  timers.advance(60_000);
  await expect.poll(() => server.hub.counts(), { timeout: 5_000 }).toMatchObject({ connections: 0, subscribers: 0 });
  for (const socket of sockets) socket.ws.terminate();
}, 30_000);

test("an event stream that stops reading comes back in step", async () => {
  server = await startStreamServer();
  const request = get(`http://${server.url}${base}`, { headers: { accept: "text/event-stream" } });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const witness = createWitness();
  response.pause();
  await writeMuch();
  let text = "";
  response.resume();
  response.setEncoding("utf8").on("data", (chunk: string) => {
    const parts = (text + chunk).split("\n\n");
    text = parts.pop() ?? "";
    for (const part of parts) {
      const data = /^data: (.*)$/m.exec(part)?.[1];
      if (data) witness.take(JSON.parse(data) as DownFrame);
    }
  });
  await expect.poll(() => witness.revision, { timeout: 10_000 }).toBe(400);
  expect(witness.values).toEqual(server.model.values(projection));
  expect(witness.changes).toBeLessThan(200);
}, 30_000);
