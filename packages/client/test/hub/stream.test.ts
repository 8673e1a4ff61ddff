import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createManualTimers, type ManualTimers } from "./manual-timers.ts";
import { connect, startStreamServer, type StreamServer } from "./stream-server.ts";

let timers: ManualTimers;
let server: StreamServer;

beforeEach(async () => {
  timers = createManualTimers();
  server = await startStreamServer({ timers });
});
afterEach(() => server.close());

const base = "?environment=base";

describe("a subscription by its URL alone", () => {
  test("gets the whole state first, then each change", async () => {
    server.model.commit({ values: { "app.size": 1, "web.title": "Hello" } });
    const socket = await connect(server.url + base);
    const snapshot = await socket.nextOf("snapshot");
    expect(snapshot).toMatchObject({ reason: "first", revision: 1, values: { "app.size": 1, "web.title": "Hello" } });
    expect(snapshot.cursor).toBe(server.model.place(1).cursor);

    server.model.commit({ values: { "app.size": 2 } });
    server.model.commit({ values: { "web.title": undefined } });
    expect(await socket.next()).toMatchObject({ type: "change", previous: 1, revision: 2, values: { set: { "app.size": 2 }, unset: [] } });
    expect(await socket.next()).toMatchObject({ type: "change", previous: 2, revision: 3, values: { set: {}, unset: ["web.title"] } });
  });

  test("is answered at revision 0 as well", async () => {
    const socket = await connect(server.url + base);
    expect(await socket.next()).toMatchObject({ type: "snapshot", reason: "first", revision: 0, cursor: "0-0000000000000000", values: {} });
  });

  test("has the type as the first member of every frame, and no compression", async () => {
    const socket = await connect(server.url + base);
    const texts: string[] = [];
    socket.ws.on("message", (data) => texts.push((data as Buffer).toString()));
    await socket.next();
    server.model.commit({ values: { "app.size": 2 } });
    await socket.next();
    timers.advance(15_000);
    await socket.next();
    socket.send({ type: "ack" });
    await socket.next();
    expect(texts.map((text) => /^\{"type":"([a-z]+)"/.exec(text)?.[1])).toEqual(["change", "heartbeat", "error"]);
    expect(socket.ws.extensions).toBe("");
  });

  test("takes the subprotocol when it is offered", async () => {
    expect((await connect(server.url + base, ["setpoint.v1"])).ws.protocol).toBe("setpoint.v1");
    expect((await connect(server.url + base)).ws.protocol).toBe("");
  });

  test("carries frames of every length that the framing tells apart", async () => {
    const socket = await connect(server.url + base);
    await socket.next();
    for (const length of [1, 125, 126, 65_535 - 300, 65_536, 200_000]) {
      server.model.commit({ values: { "app.text": "x".repeat(length) } });
      expect(await socket.next()).toMatchObject({ type: "change", values: { set: { "app.text": "x".repeat(length) } } });
    }
  });
});

describe("what a projection holds", () => {
  test("the namespaces asked for, and no frame for the others", async () => {
    const socket = await connect(`${server.url}${base}&namespaces=app`);
    await socket.next();
    server.model.commit({ values: { "web.title": "not for it" } });
    server.model.commit({ values: { "app.size": 2, "web.title": "x" } });
    expect(await socket.next()).toMatchObject({ type: "change", previous: 0, revision: 2, values: { set: { "app.size": 2 }, unset: [] } });
  });

  test("only what is marked for browsers, to a browser", async () => {
    server.model.commit({ values: { "app.size": 1, "web.title": "Hello" } });
    const socket = await connect(`${server.url}${base}&audience=client`);
    expect((await socket.nextOf("snapshot")).values).toEqual({ "web.title": "Hello" });
  });

  test("is one projection for equal sets of namespaces, and built once for all", async () => {
    server.model.commit({ values: { "app.size": 1 } });
    const sockets = await Promise.all(
      ["app,web", "web,app", "app,web,app"].map((names) => connect(`${server.url}${base}&namespaces=${names}`)),
    );
    await Promise.all(sockets.map((socket) => socket.next()));
    expect(server.hub.counts()).toMatchObject({ projections: 1, subscribers: 3 });
    expect(server.model.counts.snapshots).toBe(1);
  });

  test("schema texts are left out whose fingerprints the subscriber named", async () => {
    server.model.setSchema("app", "1111111111111111");
    server.model.setSchema("web", "2222222222222222");
    const [knowing, other] = [await connect(server.url), await connect(server.url)];
    knowing.send({ type: "subscribe", environment: "base", schemas: { app: "1111111111111111", web: "9999999999999999" } });
    other.send({ type: "subscribe", environment: "base" });
    const web = { fingerprint: "2222222222222222", schema: { title: "schema of web" } };
    expect((await knowing.nextOf("snapshot")).schemas).toEqual({ app: { fingerprint: "1111111111111111" }, web });
    expect((await other.nextOf("snapshot")).schemas).toEqual({
      app: { fingerprint: "1111111111111111", schema: { title: "schema of app" } },
      web,
    });

    server.model.setSchema("web", "9999999999999999");
    expect((await knowing.nextOf("change")).schemas).toEqual({ web: { fingerprint: "9999999999999999" } });
    expect((await other.nextOf("change")).schemas).toEqual({
      web: { fingerprint: "9999999999999999", schema: { title: "schema of web" } },
    });
  });
});

describe("heartbeats", () => {
  test("come every 15 s and move the cursor past what does not touch the projection", async () => {
    const socket = await connect(`${server.url}${base}&namespaces=app`);
    await socket.next();
    const untouched = server.model.commit({ values: { "web.title": "x" } });
    timers.advance(14_999);
    timers.advance(1);
    expect(await socket.next()).toEqual({ type: "heartbeat", cursor: untouched.cursor });
    timers.advance(15_000);
    expect(await socket.next()).toEqual({ type: "heartbeat", cursor: untouched.cursor });
  });

  test("never come before a change that they cover", async () => {
    const socket = await connect(server.url + base);
    await socket.next();
    const touched = server.model.commit({ values: { "app.size": 1 } });
    timers.advance(15_000);
    expect(await socket.next()).toMatchObject({ type: "change", cursor: touched.cursor });
  });
});

describe("subscribe as a message", () => {
  test("begins the subscription and names the instance", async () => {
    const socket = await connect(server.url);
    const instance = { service: "shop", id: "one", sdk: "test/1" };
    socket.send({ type: "subscribe", environment: "base", instance });
    expect(await socket.next()).toMatchObject({ type: "snapshot", reason: "first" });
    expect(server.subscribed).toEqual([{ projection: { environment: "base", audience: "server" }, instance }]);
  });

  test("replaces the former subscription and is answered at once", async () => {
    const socket = await connect(server.url + base);
    await socket.next();
    server.model.commit({ environment: "other", values: { "app.size": 5 } });
    socket.send({ type: "subscribe", environment: "other" });
    expect(await socket.next()).toMatchObject({ type: "snapshot", reason: "first", values: { "app.size": 5 } });
    server.model.commit({ environment: "base", values: { "app.size": 6 } });
    server.model.commit({ environment: "other", values: { "app.size": 7 } });
    expect(await socket.next()).toMatchObject({ type: "change", revision: 3, values: { set: { "app.size": 7 } } });
    expect(server.hub.counts().subscribers).toBe(1);
  });

  test("asks for a snapshot whatever it has", async () => {
    const { cursor } = server.model.commit({ values: { "app.size": 5 } });
    const socket = await connect(server.url);
    socket.send({ type: "subscribe", environment: "base", cursor, snapshot: true });
    expect(await socket.next()).toMatchObject({ type: "snapshot", reason: "asked" });
  });

  test("must come within 10 s", async () => {
    const socket = await connect(server.url);
    timers.advance(9_999);
    expect(socket.ws.readyState).toBe(socket.ws.OPEN);
    timers.advance(1);
    expect(await socket.closed).toBe(1008);
    expect(socket.pending()).toEqual([]);
  });

  test("acknowledgements reach the list of instances, once there is a subscription", async () => {
    const ack = { type: "ack", cursor: "0-0000000000000000", hash: "0000000000000000", status: "applied" };
    const socket = await connect(server.url);
    socket.send(ack);
    expect(await socket.next()).toMatchObject({ type: "error", code: "invalid_request" });
    socket.send({ type: "subscribe", environment: "base" });
    await socket.next();
    socket.send(ack);
    socket.send("{}");
    await socket.nextOf("error");
    expect(server.acks).toEqual([ack]);
  });
});

describe("a projection without subscribers", () => {
  test("is followed on for a while, then released", async () => {
    const socket = await connect(server.url + base);
    const { cursor } = await socket.nextOf("snapshot");
    socket.ws.close();
    await socket.closed;
    await expect.poll(() => server.hub.counts().subscribers).toBe(0);
    server.model.commit({ values: { "app.size": 1 } });
    server.model.commit({ values: { "app.size": 2 } });
    const again = await connect(`${server.url}${base}&cursor=${cursor}`);
    expect([await again.next(), await again.next()]).toMatchObject([{ revision: 1 }, { revision: 2 }]);
    expect(server.model.counts.catchUps).toBe(0);
    again.ws.close();
    await again.closed;
    await expect.poll(() => server.hub.counts().subscribers).toBe(0);
    timers.advance(60_000);
    expect(server.hub.counts().projections).toBe(0);
    expect(server.model.counts.following).toBe(0);
  });

  test("makes room for another where the limit is reached", async () => {
    await server.close();
    server = await startStreamServer({ timers, limits: { projectionsMax: 2 } });
    const first = await connect(`${server.url}${base}&namespaces=a`);
    await first.next();
    const second = await connect(`${server.url}${base}&namespaces=b`);
    await second.next();
    const refused = await connect(`${server.url}${base}&namespaces=c`);
    expect(await refused.closed).toBe(1013);
    second.send({ type: "subscribe", environment: "base", namespaces: ["c"] });
    expect(await second.next()).toMatchObject({ type: "error", code: "rate_limited" });
    server.model.commit({ values: { "b.size": 1 } });
    expect(await second.next()).toMatchObject({ type: "change" });

    first.ws.close();
    await first.closed;
    await expect.poll(() => server.hub.counts().subscribers).toBe(1);
    second.send({ type: "subscribe", environment: "base", namespaces: ["c"] });
    expect(await second.next()).toMatchObject({ type: "snapshot" });
    expect(server.hub.counts().projections).toBe(2);
  });
});

describe("before a restart", () => {
  test("everybody is told when to come back and closed with 1012, also who comes late or has not subscribed", async () => {
    const subscribed = await connect(server.url + base);
    await subscribed.next();
    const waiting = await connect(server.url);
    server.hub.drain("The daemon restarts.", 750);
    const late = await connect(server.url + base);
    for (const socket of [subscribed, waiting, late]) {
      expect(await socket.next()).toEqual({
        type: "error",
        code: "upstream_unavailable",
        detail: "The daemon restarts.",
        retryAfterMs: 750,
      });
      expect(await socket.closed).toBe(1012);
    }
    await expect.poll(() => server.hub.counts()).toMatchObject({ connections: 0, subscribers: 0 });
  });
});
