import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createManualTimers, type ManualTimers } from "./manual-timers.ts";
import { createModelSource } from "./model-source.ts";
import { connect, startStreamServer, type StreamServer } from "./stream-server.ts";
import { createWitness } from "./witness.ts";

let timers: ManualTimers;
let server: StreamServer;
const projection = { environment: "base", audience: "server" } as const;

beforeEach(async () => {
  timers = createManualTimers();
  server = await startStreamServer({ timers });
});
afterEach(() => server.close());

function commitThree() {
  return [1, 2, 3].map((size) => server.model.commit({ values: { "app.size": size } }));
}

const resumeAt = (cursor: string) => connect(`${server.url}?environment=base&cursor=${cursor}`);

/** Keeps the projection followed, so that what comes is in the ring. */
const watch = async () => (await connect(`${server.url}?environment=base`)).next();

describe("a subscription resumes", () => {
  test("at the head: a heartbeat, nothing else", async () => {
    const [, , head] = commitThree();
    const socket = await resumeAt(head?.cursor ?? "");
    expect(await socket.next()).toEqual({ type: "heartbeat", cursor: head?.cursor });
    server.model.commit({ values: { "app.size": 4 } });
    expect(await socket.next()).toMatchObject({ type: "change", previous: 3, revision: 4 });
  });

  test("at a place since which nothing of the projection changed: the head's cursor", async () => {
    const { cursor } = server.model.commit({ values: { "app.size": 1 } });
    const head = server.model.commit({ environment: "other", values: { "app.size": 2 } });
    expect(await (await resumeAt(cursor)).next()).toEqual({ type: "heartbeat", cursor: head.cursor });
  });

  test("at a place in the ring: exactly the frames that were missed", async () => {
    await watch();
    const [first] = commitThree();
    const socket = await resumeAt(first?.cursor ?? "");
    expect(await socket.next()).toMatchObject({ type: "change", previous: 1, revision: 2 });
    expect(await socket.next()).toMatchObject({ type: "change", previous: 2, revision: 3 });
    expect(server.model.counts.catchUps).toBe(0);
  });

  test("before the ring: one joined frame whose previous is its own cursor's revision, then what comes", async () => {
    const [first] = commitThree();
    const socket = await resumeAt(first?.cursor ?? "");
    expect(await socket.next()).toMatchObject({ type: "change", previous: 1, revision: 3, values: { set: { "app.size": 3 }, unset: [] } });
    server.model.commit({ values: { "app.size": 4 } });
    expect(await socket.next()).toMatchObject({ type: "change", previous: 3, revision: 4 });
  });

  test("past what the ring has dropped: one joined frame", async () => {
    await server.close();
    server = await startStreamServer({ timers, limits: { ringFramesMax: 2 } });
    await watch();
    const [first, second] = [...commitThree(), ...commitThree()];
    expect(await (await resumeAt(first?.cursor ?? "")).next()).toMatchObject({ type: "change", previous: 1, revision: 6 });
    expect(await (await resumeAt(second?.cursor ?? "")).next()).toMatchObject({ type: "change", previous: 2, revision: 6 });
    const socket = await resumeAt(server.model.place(4).cursor);
    expect([await socket.next(), await socket.next()]).toMatchObject([{ previous: 4 }, { previous: 5 }]);
  });

  test("1,000 changes later: all of them, in order", async () => {
    await watch();
    const { cursor } = server.model.commit({ values: { "app.size": 0 } });
    for (let size = 1; size <= 1_000; size += 1) server.model.commit({ values: { "app.size": size } });
    const socket = await resumeAt(cursor);
    for (let size = 1; size <= 1_000; size += 1) expect(await socket.next()).toMatchObject({ previous: size, revision: size + 1 });
  });

  test("at 0, bare or long: everything, as changes of the empty state", async () => {
    commitThree();
    for (const cursor of ["0", "0-0000000000000000"]) {
      const frame = await (await resumeAt(cursor)).nextOf("change");
      expect(frame).toMatchObject({ previous: 0, revision: 3, values: { set: { "app.size": 3 } } });
    }
  });

  test("at a bare revision: the history is not looked at", async () => {
    commitThree();
    expect(await (await resumeAt("2")).next()).toMatchObject({ type: "change", previous: 2, revision: 3 });
    expect(await (await resumeAt("3")).next()).toEqual({ type: "heartbeat", cursor: server.model.place(3).cursor });
  });

  test("inside a commit group: from there, not from the group's start", async () => {
    await watch();
    server.model.commit({ values: { "app.size": 1 } });
    const group = ["in between", 1].map((size) => ({ values: { "app.size": size } }));
    server.model.commit(...group, { values: { "app.other": true } });
    const socket = await resumeAt(server.model.place(2).cursor);
    expect(await socket.next()).toMatchObject({ previous: 2, revision: 4, values: { set: { "app.size": 1, "app.other": true } } });
  });

  test("inside a commit group that came to nothing", async () => {
    await watch();
    server.model.commit({ values: { "app.size": 1 } });
    server.model.commit({ values: { "app.size": 2 } }, { values: { "app.size": 1 } });
    const socket = await resumeAt(server.model.place(2).cursor);
    expect(await socket.next()).toMatchObject({ previous: 2, revision: 3, values: { set: { "app.size": 1 } } });
  });
});

describe("a subscription that cannot resume gets a snapshot that says why", () => {
  test("pruned", async () => {
    commitThree();
    server.model.prune(3);
    expect(await (await resumeAt(server.model.place(1).cursor)).next()).toMatchObject({ type: "snapshot", reason: "too_old", revision: 3 });
    expect(await (await resumeAt("0")).next()).toMatchObject({ type: "snapshot", reason: "too_old" });
  });

  test("another store's cursor", async () => {
    const other = createModelSource("elsewhere");
    other.commit({ values: { "app.size": 9 } });
    const foreign = other.commit({ values: { "app.size": 9 } });
    commitThree();
    expect(await (await resumeAt(foreign.cursor)).next()).toMatchObject({ type: "snapshot", reason: "other_history", revision: 3 });
    const atHead = other.commit({ values: { "app.size": 9 } });
    expect(await (await resumeAt(atHead.cursor)).next()).toMatchObject({ type: "snapshot", reason: "other_history" });
  });

  test("after a backup was restored: who is connected, and who comes back", async () => {
    const live = await connect(`${server.url}?environment=base`);
    await live.next();
    commitThree();
    for (const revision of [1, 2, 3]) expect(await live.next()).toMatchObject({ revision });
    const before = server.model.place(2).cursor;
    server.model.restore(1, "b");
    expect(await live.next()).toMatchObject({ type: "snapshot", reason: "other_history", revision: 1, values: { "app.size": 1 } });
    server.model.commit({ values: { "app.size": 20 } });
    expect(await live.next()).toMatchObject({ type: "change", previous: 1, revision: 2 });
    expect(await (await resumeAt(before)).next()).toMatchObject({ type: "snapshot", reason: "other_history", revision: 2 });
    expect(await (await resumeAt(server.model.place(1).cursor)).next()).toMatchObject({ type: "change", revision: 2 });
  });

  test("above the head for 1 s", async () => {
    commitThree();
    const socket = await resumeAt("4-0123456789abcdef");
    await expect.poll(() => server.hub.counts().subscribers).toBe(1);
    timers.advance(999);
    timers.advance(1);
    expect(await socket.next()).toMatchObject({ type: "snapshot", reason: "ahead", revision: 3 });
    expect(socket.pending()).toEqual([]);
  });

  test("a cursor above the head that the head reaches in time is no different from others", async () => {
    commitThree();
    const [bare, foreign] = [await resumeAt("4"), await resumeAt("4-0123456789abcdef")];
    await expect.poll(() => server.hub.counts().subscribers).toBe(2);
    const head = server.model.commit({ values: { "app.size": 4 } });
    expect(await bare.next()).toEqual({ type: "heartbeat", cursor: head.cursor });
    expect(await foreign.next()).toMatchObject({ type: "snapshot", reason: "other_history" });
    timers.advance(1_000);
    server.model.commit({ values: { "app.size": 5 } });
    expect(await bare.next()).toMatchObject({ type: "change", revision: 5 });
  });

  test("another hash at that cursor: in the ring, before it, and where nothing was missed", async () => {
    commitThree();
    await watch();
    const last = server.model.commit({ values: { "app.size": 4 } });
    for (const cursor of [server.model.place(1).cursor, server.model.place(3).cursor, last.cursor]) {
      const socket = await connect(server.url);
      socket.send({ type: "subscribe", environment: "base", cursor, hash: "0123456789abcdef" });
      expect(await socket.next()).toMatchObject({ type: "snapshot", reason: "diverged", revision: 4 });
    }
    const socket = await connect(server.url);
    socket.send({ type: "subscribe", environment: "base", cursor: last.cursor, hash: server.model.hash(projection) });
    expect(await socket.next()).toEqual({ type: "heartbeat", cursor: last.cursor });
  });

  test("a source that fails: the subscriber is told to come back", async () => {
    commitThree();
    server.model.source.catchUp = () => Promise.reject(new Error("the disk is gone"));
    const socket = await resumeAt(server.model.place(1).cursor);
    expect(await socket.next()).toMatchObject({ type: "error", code: "store_unavailable", retryAfterMs: 1_000 });
    expect(await socket.closed).toBe(1013);
  });
});

test("300 clients that drop and come back, at random, miss nothing", async () => {
  await server.close();
  server = await startStreamServer({ limits: { ringFramesMax: 40, aheadHoldMs: 10_000 } });
  let seed = 7;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  const commit = () => server.model.commit({ values: { [`app.k${random(20)}`]: random(4) === 0 ? undefined : random(1_000) } });
  const last = 400;

  const run = async (client: number) => {
    const witness = createWitness();
    while (witness.revision < last) {
      const socket = await connect(server.url);
      const { cursor } = witness;
      socket.send({ type: "subscribe", environment: "base", ...(cursor !== undefined && { cursor, hash: witness.hash }) });
      const stay = client % 3 === 0 ? last : 1 + random(60);
      for (let count = 0; count < stay && witness.revision < last; count += 1) witness.take(await socket.next());
      socket.ws.terminate();
    }
    return witness;
  };
  const clients = Array.from({ length: 300 }, (_, client) => run(client));
  for (let count = 0; count < last; count += 1) {
    commit();
    await new Promise(setImmediate);
  }
  const witnesses = await Promise.all(clients);
  const truth = server.model.values(projection);
  for (const witness of witnesses) expect(witness.values).toEqual(truth);
  expect(witnesses.flatMap(({ reasons }) => reasons).filter((reason) => reason !== "first")).toEqual([]);
}, 60_000);
