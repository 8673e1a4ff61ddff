import { once } from "node:events";
import { Agent, get, type ClientRequest, type IncomingMessage } from "node:http";
import { createConnection } from "node:net";
import { closeCodes, type DownFrame, type SnapshotFrame } from "@setpoint/protocol/frames";
import { afterEach, expect, test } from "vitest";
import { createHub, type FrameText, type HubLimits, type Projection, type Sink } from "../../src/hub/index.ts";
import { createManualTimers } from "./manual-timers.ts";
import { createModelSource } from "./model-source.ts";
import { connect, startStreamServer, type StreamServer } from "./stream-server.ts";
import { createWitness, type Witness } from "./witness.ts";

const megabyte = 1_000_000;
let server: StreamServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** A value of so many bytes that differs for each `mark`. */
const blob = (mark: number, bytes = megabyte) => `${mark}:${"x".repeat(bytes)}`;
const address = (started: StreamServer, namespace: string) => `http://${started.url}?environment=base&namespaces=blob,${namespace}`;
const agent = new Agent({ maxSockets: 1_000, keepAlive: false });

interface EventStream {
  readonly request: ClientRequest;
  readonly response: IncomingMessage;
}

/** An event stream whose first bytes have come; it reads nothing more by itself. */
async function openStream(url: string): Promise<EventStream> {
  const request = get(url, { agent, headers: { accept: "text/event-stream" } });
  request.on("error", () => {});
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.on("error", () => {});
  return { request, response };
}

/** Reads an event stream; each frame goes to `take`. */
function readStream({ response }: EventStream, take: (frame: DownFrame) => void): void {
  let pieces: string[] = [];
  response.setEncoding("utf8").on("data", (chunk: string) => {
    pieces.push(chunk);
    if (!chunk.endsWith("\n\n")) return;
    const events = pieces.join("").split("\n\n");
    pieces = [];
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data) take(JSON.parse(data) as DownFrame);
    }
  });
}

/** A connection that reads everything at once. */
function readingSink(): Sink & { readonly witness: Witness } {
  const witness = createWitness();
  return {
    witness,
    send: (frames) => frames.forEach(({ json }) => witness.take(JSON.parse(json.toString()) as DownFrame)),
    backlogBytes: () => 0,
    whenDrained: (run) => void setImmediate(run),
    close: (code, reason) => {
      throw new Error(`closed with ${code}: ${reason}`);
    },
  };
}

function startHub(limits: Partial<HubLimits>) {
  const model = createModelSource();
  const hub = createHub(model.source, limits, { timers: createManualTimers() });
  const stateOf = (projection: Projection): SnapshotFrame => ({ ...model.source.snapshot(projection), reason: "first" });
  const subscribe = (projection: Projection, state?: SnapshotFrame) => {
    const sink = readingSink();
    if (state) sink.witness.take(state);
    const subscribed = hub.subscribe(projection, state ? { cursor: state.cursor } : {}, sink);
    if (!subscribed.ok) throw new Error(subscribed.detail);
    return { ...sink, stop: subscribed.stop };
  };
  return { model, hub, stateOf, subscribe };
}

const projectionOf = (index: number): Projection => ({ environment: "base", audience: "server", namespaces: ["blob", `x${index}`] });

test("300 projections of 1 MB each stay under the bounds while they are read and changed, and leave nothing behind", async () => {
  const timers = createManualTimers();
  server = await startStreamServer({ timers });
  const { hub, model } = server;
  const limits = hub.limits;
  let mostAnswers = 0;
  let mostRings = 0;
  const look = () => {
    const { answerBytes, ringBytes } = hub.counts();
    mostAnswers = Math.max(mostAnswers, answerBytes);
    mostRings = Math.max(mostRings, ringBytes);
  };
  model.commit({ values: { "blob.large": blob(0) } });
  const revisions = Array.from({ length: 300 }, () => 0);
  const streams: EventStream[] = [];
  for (const index of revisions.keys()) {
    const stream = await openStream(address(server, `x${index}`));
    streams.push(stream);
    readStream(stream, (frame) => {
      look();
      if (frame.type === "snapshot" || frame.type === "change") revisions[index] = frame.revision;
    });
  }
  await expect.poll(() => revisions.every((revision) => revision === 1), { timeout: 20_000 }).toBe(true);
  model.commit({ values: { "blob.large": blob(1) } });
  look();
  await expect.poll(() => revisions.every((revision) => revision === 2), { timeout: 20_000 }).toBe(true);
  look();
  expect(mostAnswers).toBeGreaterThan(limits.answersBytesMax / 2);
  expect(mostAnswers).toBeLessThanOrEqual(limits.answersBytesMax);
  expect(mostRings).toBeGreaterThan(limits.ringsBytesMax / 2);
  expect(mostRings).toBeLessThanOrEqual(limits.ringsBytesMax);

  for (const { request } of streams) request.destroy();
  await expect.poll(() => hub.counts(), { timeout: 20_000 }).toMatchObject({ subscribers: 0, answerBytes: 0, queuedBytes: 0 });
  timers.advance(limits.releaseAfterMs);
  expect(hub.counts()).toMatchObject({ projections: 0, ringBytes: 0, answerBytes: 0, queuedBytes: 0 });
}, 60_000);

test("a snapshot above the bound is sent and not kept; one below it is shared until the last subscriber goes", () => {
  const { hub, model, subscribe } = startHub({ answersBytesMax: 500_000 });
  model.commit({ values: { "blob.large": blob(0), "small.value": blob(0, 1_000) } });
  const large = subscribe(projectionOf(0));
  expect(large.witness.values).toEqual(model.values(projectionOf(0)));
  expect(hub.counts().answerBytes).toBe(0);

  const small: Projection = { environment: "base", audience: "server", namespaces: ["small"] };
  const [one, other] = [subscribe(small), subscribe(small)];
  expect(model.counts.snapshots).toBe(2);
  expect(hub.counts().answerBytes).toBeGreaterThan(1_000);
  one.stop();
  expect(hub.counts().answerBytes).toBeGreaterThan(1_000);
  other.stop();
  expect(hub.counts().answerBytes).toBe(0);
  hub.close();
});

test("a snapshot that makes room is the one that was asked for least recently", () => {
  const { hub, model, subscribe } = startHub({ answersBytesMax: 2_500_000 });
  model.commit({ values: { "blob.large": blob(0) } });
  for (const index of [0, 1, 0, 2]) subscribe(projectionOf(index));
  expect(model.counts.snapshots).toBe(3);
  subscribe(projectionOf(0));
  expect(model.counts.snapshots).toBe(3);
  subscribe(projectionOf(1));
  expect(model.counts.snapshots).toBe(4);
  hub.close();
});

test("joined frames count against the same bound", async () => {
  const { hub, model, stateOf, subscribe } = startHub({ answersBytesMax: 2_500_000, ringsBytesMax: 0 });
  const states = Array.from({ length: 5 }, (_, mark) => {
    model.commit({ values: { "blob.large": blob(mark) } });
    return stateOf(projectionOf(0));
  });
  model.commit({ values: { "blob.large": blob(9) } });
  const readers = states.map((state) => subscribe(projectionOf(0), state));
  await expect.poll(() => readers.map(({ witness }) => witness.revision)).toEqual([6, 6, 6, 6, 6]);
  const { answerBytes } = hub.counts();
  expect(answerBytes).toBeGreaterThan(megabyte);
  expect(answerBytes).toBeLessThanOrEqual(2_500_000);
  for (const { stop } of readers) stop();
  expect(hub.counts().answerBytes).toBe(0);
  hub.close();
});

test("a frame above the bound of all rings is not kept: who is live and who resumes is told by a joined frame", async () => {
  const { hub, model, stateOf, subscribe } = startHub({ ringsBytesMax: 500_000 });
  model.commit({ values: { "blob.large": blob(0) } });
  const state = stateOf(projectionOf(0));
  const live = subscribe(projectionOf(0));
  model.commit({ values: { "blob.large": blob(1) } });
  expect(hub.counts().ringBytes).toBe(0);
  await expect.poll(() => live.witness.revision).toBe(2);
  const resumed = subscribe(projectionOf(0), state);
  await expect.poll(() => resumed.witness.revision).toBe(2);
  for (const { witness } of [live, resumed]) expect(witness.values).toEqual(model.values(projectionOf(0)));
  for (const { witness } of [live, resumed]) expect(witness.reasons).toEqual(["first"]);
  hub.close();
});

test("rings without subscribers yield to those with", async () => {
  const { hub, model, stateOf, subscribe } = startHub({ ringsBytesMax: 3 * megabyte });
  const [left, kept] = [subscribe(projectionOf(0)), subscribe({ environment: "other", audience: "server" })];
  model.commit({ values: { "blob.large": blob(0, 700_000) } });
  const state = stateOf(projectionOf(0));
  model.commit({ values: { "blob.large": blob(1, 700_000) } });
  await expect.poll(() => left.witness.revision).toBe(2);
  left.stop();
  // The even share is half of the bound; the other half is taken for the newest frame.
  model.commit({ environment: "other", values: { "blob.large": blob(2, 2.2 * megabyte) } });
  expect(hub.counts().ringBytes).toBeGreaterThan(2.2 * megabyte);
  expect(hub.counts().ringBytes).toBeLessThanOrEqual(3 * megabyte);
  await expect.poll(() => kept.witness.changes).toBe(1);
  expect(model.counts.catchUps).toBe(0);

  const back = subscribe(projectionOf(0), state);
  await expect.poll(() => back.witness.revision).toBe(3);
  expect(model.counts.catchUps).toBe(1);
  expect(back.witness.reasons).toEqual(["first"]);
  hub.close();
});

test("subscribers that never read cannot queue without end: one more is told to come back, who misses nothing is served", async () => {
  const timers = createManualTimers();
  // More than the operating system's buffers take.
  const [stateBytes, queuedBytesMax] = [20 * megabyte, 50 * megabyte];
  server = await startStreamServer({ timers, limits: { queuedBytesMax } });
  const { cursor } = server.model.commit({ values: { "blob.large": blob(0, stateBytes) } });
  const deaf: EventStream[] = [];
  while (server.hub.counts().queuedBytes <= queuedBytesMax) {
    deaf.push(await openStream(address(server, `x${deaf.length}`)));
    expect(deaf.length).toBeLessThan(6);
  }
  expect(server.hub.counts().queuedBytes).toBeLessThan(queuedBytesMax + 1.1 * stateBytes);

  const turnedAway: DownFrame[] = [];
  const stream = await openStream(address(server, "y"));
  readStream(stream, (frame) => turnedAway.push(frame));
  await once(stream.response, "end");
  const told = { type: "error", code: "rate_limited", retryAfterMs: server.hub.limits.overloadRetryMs };
  expect(turnedAway).toMatchObject([told]);
  const socket = await connect(`${server.url}?environment=base`);
  expect(await socket.next()).toMatchObject(told);
  expect(await socket.closed).toBe(closeCodes.overload);
  const inStep = await connect(`${server.url}?environment=base&cursor=${cursor}`);
  expect(await inStep.next()).toMatchObject({ type: "heartbeat", cursor });

  timers.advance(server.hub.limits.stalledMaxMs);
  await expect.poll(() => server?.hub.counts().queuedBytes, { timeout: 10_000 }).toBe(0);
  const later = await connect(`${server.url}?environment=base`);
  expect(await later.next()).toMatchObject({ type: "snapshot", reason: "first" });
  for (const { request } of deaf) request.destroy();
  for (const { ws } of [inStep, later]) ws.terminate();
}, 30_000);

test("what many wait for counts once", async () => {
  server = await startStreamServer();
  server.model.commit({ values: { "blob.large": blob(0, 20 * megabyte) } });
  const deaf = await Promise.all(Array.from({ length: 10 }, () => openStream(address(server as StreamServer, "x"))));
  const { hub } = server;
  expect(hub.counts()).toMatchObject({ subscribers: 10 });
  expect(hub.counts().queuedBytes).toBeGreaterThan(20 * megabyte);
  expect(hub.counts().queuedBytes).toBeLessThan(21 * megabyte);
  for (const { request } of deaf) request.destroy();
  await expect.poll(() => hub.counts().queuedBytes, { timeout: 10_000 }).toBe(0);
}, 30_000);

test("what waits for a connection that never got its turn goes with it", async () => {
  server = await startStreamServer();
  const { hub, model, url } = server;
  model.commit({ values: { "blob.large": blob(0) } });
  const { hostname, port, pathname } = new URL(`http://${url}`);
  const socket = createConnection(Number(port), hostname);
  const asked = (namespace: string) =>
    `GET ${pathname}?environment=base&namespaces=blob,${namespace} HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`;
  socket.pause().write(asked("x0") + asked("x1"));
  await expect.poll(() => hub.counts().subscribers).toBe(2);
  expect(hub.counts().queuedBytes).toBeGreaterThan(megabyte);
  socket.destroy();
  await expect.poll(() => hub.counts()).toMatchObject({ subscribers: 0, queuedBytes: 0 });
});

test("a way that arrives while the connection is full is told once it has room, with no gap", async () => {
  const { hub, model, stateOf } = startHub({ ringFramesMax: 1 });
  const projection: Projection = { environment: "base", audience: "server" };
  hub.keep(projection);
  const { cursor } = model.commit({ values: { "app.a": 1 } });
  const witness = createWitness();
  witness.take(stateOf(projection));
  for (const value of [2, 3, 4]) model.commit({ values: { [`app.k${value}`]: value } });

  let waitingBytes = 2 * hub.limits.backlogBytesMax;
  let drained = () => {};
  const take = (frames: readonly FrameText[]) => frames.forEach(({ json }) => witness.take(JSON.parse(json.toString()) as DownFrame));
  const sink: Sink = { send: take, backlogBytes: () => waitingBytes, whenDrained: (run) => (drained = run), close: () => {} };
  hub.subscribe(projection, { cursor }, sink);
  await expect.poll(() => model.counts.catchUps).toBe(1);
  await new Promise(setImmediate);
  waitingBytes = 0;
  drained();
  await expect.poll(() => witness.revision).toBe(4);
  expect(witness.values).toEqual(model.values(projection));
  hub.close();
});
