import { once } from "node:events";
import { createServer, get, type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type BrowserEndpoint, createBrowserEndpoint } from "../../src/browser-endpoint/index.ts";
import { createManualTimers, type ManualTimers } from "../hub/manual-timers.ts";
import { createModelSource, type ModelSource } from "../hub/model-source.ts";
import { connect, type TestSocket } from "../hub/stream-server.ts";
import { createModelFeed, type ModelFeed } from "./model-feed.ts";

interface Application {
  readonly endpoint: BrowserEndpoint;
  readonly feed: ModelFeed;
  /** host:port */
  readonly host: string;
  readonly url: string;
  close(): Promise<void>;
}

let timers: ManualTimers;
let model: ModelSource;
let applications: Application[];

beforeEach(() => {
  timers = createManualTimers();
  model = createModelSource();
  applications = [];
});
afterEach(() => Promise.all(applications.map((application) => application.close())));

/** An application's own server with the endpoint mounted on it. */
async function startApplication(
  options: {
    readonly feed?: ModelFeed;
    readonly allowedOrigins?: readonly string[];
    readonly limits?: { readonly connectionsMax: number };
  } = {},
): Promise<Application> {
  const { feed = createModelFeed(model), ...settings } = options;
  const endpoint = createBrowserEndpoint({ feed, timers, ...settings });
  const server = createServer((incoming, response) => {
    if (!endpoint.handle(incoming, response)) response.writeHead(404).end("the application's own");
  });
  server.on("upgrade", (incoming, stream, head) => {
    if (!endpoint.upgrade(incoming, stream, head)) stream.end("HTTP/1.1 418 Own\r\n\r\n");
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket.on("close", () => sockets.delete(socket))));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const application = {
    endpoint,
    feed,
    host,
    url: `${host}/setpoint/stream`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await endpoint.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  applications.push(application);
  return application;
}

/** What the browser client sends: it knows no environment. */
async function openBrowser(
  application: Application,
  where: { readonly cursor?: string; readonly hash?: string } = {},
): Promise<TestSocket> {
  const socket = await connect(application.url);
  socket.send({ type: "subscribe", environment: "default", ...where });
  return socket;
}

/** The answer to an upgrade: 101 or the refusal. */
async function upgradeStatus(application: Application, headers: OutgoingHttpHeaders, path = "/setpoint/stream"): Promise<number> {
  const socket = new WebSocket(`ws://${application.host}${path}`, { headers: headers as Record<string, string> });
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("open", () => resolve(101));
    socket.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
  });
}

async function answerTo(application: Application, path: string, headers: OutgoingHttpHeaders, method = "GET"): Promise<IncomingMessage> {
  const [response] = (await once(request(`http://${application.host}${path}`, { headers, method, agent: false }).end(), "response")) as [
    IncomingMessage,
  ];
  response.on("error", () => {});
  return response;
}

describe("a browser", () => {
  test("gets the browsers' values and every change of them, whatever it asks for", async () => {
    model.commit({ values: { "app.secret": 1, "web.title": "Hello" } });
    const application = await startApplication();
    const socket = await connect(application.url);
    socket.send({ type: "subscribe", environment: "production", audience: "server", namespaces: ["app"] });
    const snapshot = await socket.nextOf("snapshot");
    expect(snapshot).toMatchObject({ reason: "first", values: { "web.title": "Hello" }, cursor: model.place(1).cursor });
    expect(snapshot.schemas).toBeUndefined();

    model.commit({ values: { "app.secret": 2 } });
    model.commit({ values: { "web.title": "Bye" } });
    expect(await socket.next()).toMatchObject({
      type: "change",
      previous: 1,
      revision: 3,
      hash: model.hash({ environment: "base", audience: "client" }),
    });
  });

  test("is sent nothing before it subscribes", async () => {
    const application = await startApplication();
    const socket = await connect(application.url);
    timers.advance(10_000);
    expect(await socket.closed).toBe(1008);
    expect(socket.pending()).toEqual([]);
  });

  test("reads an event stream without a subscription of its own", async () => {
    const { cursor } = model.commit({ values: { "web.title": "Hello" } });
    const application = await startApplication();
    const response = await answerTo(application, "/setpoint/stream", { accept: "text/event-stream" });
    const chunks = response.setEncoding("utf8")[Symbol.asyncIterator]() as AsyncIterator<string>;
    let text = "";
    while (!text.includes("event: snapshot")) text += (await chunks.next()).value;
    expect(text).toContain(`id: ${cursor}\n`);
    response.destroy();
  });

  test("waits for the first state", async () => {
    const feed = createModelFeed(model, { isReady: false });
    const application = await startApplication({ feed });
    expect(application.endpoint.forBrowser()).toBeUndefined();
    const opening = openBrowser(application);
    model.commit({ values: { "web.title": "Hello" } });
    feed.resynchronise("first");
    expect(await (await opening).next()).toMatchObject({ type: "snapshot", values: { "web.title": "Hello" } });
  });

  test("is told to come back where there is none in time", async () => {
    const application = await startApplication({ feed: createModelFeed(model, { isReady: false }) });
    const answers = [upgradeStatus(application, {}), answerTo(application, "/setpoint/stream", { accept: "text/event-stream" })] as const;
    await expect
      .poll(() => {
        timers.advance(10_000);
        return Promise.race([answers[0], new Promise((resolve) => setImmediate(resolve))]);
      })
      .toBe(503);
    timers.advance(10_000);
    expect((await answers[1]).statusCode).toBe(503);
  });

  test("is hydrated with what the page was rendered with", async () => {
    const { cursor } = model.commit({ values: { "app.secret": 1, "web.title": "Hello" } });
    const application = await startApplication();
    expect(application.endpoint.forBrowser()).toEqual({ cursor, values: { "web.title": "Hello" }, flags: {} });
    expect(await (await openBrowser(application, { cursor })).next()).toEqual({ type: "heartbeat", cursor });
  });
});

describe("a second instance of the application", () => {
  test("goes on where the first one stopped: the missed frames, unchanged", async () => {
    const [first, second] = [await startApplication(), await startApplication()];
    const socket = await openBrowser(first);
    await socket.next();
    model.commit({ values: { "web.title": "one" } });
    const { cursor, hash } = await socket.nextOf("change");
    await first.close();
    applications = applications.filter((application) => application !== first);
    model.commit({ values: { "web.title": "two" } });
    model.commit({ values: { "web.title": "three" } });
    const again = await openBrowser(second, { cursor, hash });
    expect([await again.next(), await again.next()]).toMatchObject([
      { type: "change", previous: 1, revision: 2 },
      { type: "change", previous: 2, revision: 3 },
    ]);
  });

  test("takes a place that only the first one's heartbeats named, where the state is the same", async () => {
    const [first, second] = [await startApplication(), await startApplication()];
    model.commit({ values: { "web.title": "one" } });
    model.commit({ values: { "app.size": 1 } });
    first.feed.beat();
    model.commit({ values: { "app.size": 2 } });
    second.feed.beat();
    const hash = model.hash({ environment: "base", audience: "client" });
    const { cursor } = model.place(2);
    expect(await (await openBrowser(second, { cursor, hash })).next()).toEqual({ type: "heartbeat", cursor: model.place(3).cursor });
    expect(await (await openBrowser(second, { cursor })).next()).toMatchObject({ type: "snapshot", reason: "too_old" });
    expect(await (await openBrowser(second, { cursor, hash: "0123456789abcdef" })).next()).toMatchObject({ type: "snapshot" });
  });

  test("says so when it started later than what is asked for", async () => {
    model.commit({ values: { "web.title": "one" } });
    model.commit({ values: { "web.title": "two" } });
    const late = await startApplication();
    expect(await (await openBrowser(late, { cursor: model.place(1).cursor })).next()).toMatchObject({
      type: "snapshot",
      reason: "too_old",
    });
  });
});

describe("when the daemon is away", () => {
  /** Not a farewell: that one says when to come back. */
  const away = { type: "error", code: "upstream_unavailable", detail: expect.any(String) as string };

  test("browsers stay and are told so, at once and instead of heartbeats, and go on with it", async () => {
    const application = await startApplication();
    const socket = await openBrowser(application);
    await socket.next();
    application.feed.disconnect();
    expect(await socket.next()).toEqual(away);
    model.commit({ values: { "web.title": "missed" } });
    timers.advance(15_000);
    expect(await socket.next()).toEqual(away);
    expect(application.endpoint.forBrowser()).toEqual({ cursor: model.place(0).cursor, values: {}, flags: {} });
    application.feed.resynchronise("too_old");
    expect(await socket.next()).toMatchObject({ type: "snapshot", reason: "too_old", revision: 1, values: { "web.title": "missed" } });
    model.commit({ values: { "web.title": "live" } });
    expect(await socket.nextOf("change")).toMatchObject({ previous: 1, revision: 2 });
  });

  test("and comes back where it was, they hear of it at once", async () => {
    const application = await startApplication();
    const socket = await openBrowser(application);
    await socket.next();
    application.feed.disconnect();
    expect(await socket.next()).toEqual(away);
    application.feed.resynchronise("asked");
    expect(await socket.next()).toEqual({ type: "heartbeat", cursor: model.place(0).cursor });
    model.commit({ values: { "web.title": "live" } });
    expect(await socket.next()).toMatchObject({ type: "change", previous: 0, revision: 1 });
  });

  test("who comes meanwhile is told right after the frames that are missing there", async () => {
    const { cursor } = model.commit({ values: { "web.title": "one" } });
    const application = await startApplication();
    const { cursor: newest } = model.commit({ values: { "web.title": "two" } });
    application.feed.disconnect();
    const [first, resumed, behind] = [
      await openBrowser(application),
      await openBrowser(application, { cursor: newest }),
      await openBrowser(application, { cursor }),
    ];
    expect([await first.next(), await first.next()]).toMatchObject([{ type: "snapshot", revision: 2 }, away]);
    expect(await resumed.next()).toMatchObject(away);
    expect([await behind.next(), await behind.next()]).toMatchObject([{ type: "change", revision: 2 }, away]);
    application.feed.resynchronise("asked");
    for (const socket of [first, resumed, behind]) expect(await socket.next()).toEqual({ type: "heartbeat", cursor: newest });
    const event = await answerTo(application, "/setpoint/stream", { accept: "text/event-stream" });
    const chunks = event.setEncoding("utf8")[Symbol.asyncIterator]() as AsyncIterator<string>;
    let text = "";
    while (!text.includes("event: snapshot")) text += (await chunks.next()).value;
    application.feed.disconnect();
    while (!text.includes("event: error")) text += (await chunks.next()).value;
    expect(text.indexOf("event: snapshot")).toBeLessThan(text.indexOf("event: error"));
    expect(event.destroyed).toBe(false);
    event.destroy();
  });

  test("and comes back with another history, they get a snapshot that says so, now and later", async () => {
    const application = await startApplication();
    const socket = await openBrowser(application);
    await socket.next();
    model.commit({ values: { "web.title": "one" } });
    model.commit({ values: { "web.title": "two" } });
    await socket.next();
    const { cursor } = await socket.nextOf("change");
    application.feed.disconnect();
    expect(await socket.next()).toEqual(away);
    model.restore(1, "restored");
    application.feed.resynchronise("first");
    expect(await socket.next()).toMatchObject({ type: "snapshot", reason: "other_history", revision: 1, values: { "web.title": "one" } });
    model.commit({ values: { "web.title": "other" } });
    expect(await socket.nextOf("change")).toMatchObject({ revision: 2 });
    expect(await (await openBrowser(application, { cursor })).next()).toMatchObject({
      type: "snapshot",
      reason: "other_history",
      revision: 2,
    });
  });
});

describe("who may connect", () => {
  test("the page's own origin, whatever the scheme in front; nobody else's page", async () => {
    const application = await startApplication({ allowedOrigins: ["https://partner.example"] });
    const { host } = application;
    const port = host.split(":")[1] ?? "";
    const origins: [string | undefined, number][] = [
      [undefined, 101],
      [`http://${host}`, 101],
      [`https://${host}`, 101],
      ["https://partner.example", 101],
      ["https://evil.example", 403],
      ["https://partner.example.evil.example", 403],
      ["http://partner.example", 403],
      [`http://127.0.0.1:${Number(port) + 1}`, 403],
      [`http://127.0.0.1.evil.example:${port}`, 403],
      [`http://localhost:${port}`, 403],
      ["null", 403],
      ["file://", 403],
      ["", 403],
    ];
    for (const [origin, status] of origins) {
      const headers = origin === undefined ? {} : { origin };
      expect([origin, await upgradeStatus(application, headers)]).toEqual([origin, status]);
      const answer = await answerTo(application, "/setpoint/stream", { accept: "text/event-stream", ...headers });
      expect([origin, answer.statusCode]).toEqual([origin, status === 101 ? 200 : status]);
      answer.destroy();
    }
    expect(await upgradeStatus(application, { host: "app.example", origin: "https://app.example" })).toBe(101);
    expect(await upgradeStatus(application, { host: "app.example", origin: "https://app.example:8443" })).toBe(403);
    const crossSite = await answerTo(application, "/setpoint/stream", { accept: "text/event-stream", "sec-fetch-site": "cross-site" });
    expect(crossSite.statusCode).toBe(403);
    expect(crossSite.headers).toMatchObject({ "content-type": "application/problem+json" });
    expect(crossSite.headers["access-control-allow-origin"]).toBeUndefined();
  });

  test("no more than the limit", async () => {
    const application = await startApplication({ limits: { connectionsMax: 2 } });
    const [first] = [await openBrowser(application), await openBrowser(application)];
    expect(await upgradeStatus(application, {})).toBe(503);
    first?.ws.close();
    await first?.closed;
    await expect.poll(() => upgradeStatus(application, {})).toBe(101);
  });
});

describe("what is not the stream", () => {
  test("is left to the application", async () => {
    const application = await startApplication();
    for (const path of ["/", "/setpoint/stream/x", "/setpoint/streams", "//setpoint/stream", "/setpoint%2fstream"]) {
      expect((await answerTo(application, path, {})).statusCode).toBe(404);
    }
    expect(await upgradeStatus(application, {}, "/other")).toBe(418);
  });

  test("is refused on its path", async () => {
    const application = await startApplication();
    const statusOf = async (path: string, headers: OutgoingHttpHeaders, method?: string) =>
      (await answerTo(application, path, headers, method)).statusCode;
    expect(await statusOf("/setpoint/stream", {})).toBe(400);
    expect(await statusOf("/setpoint/stream", { accept: "text/event-stream" }, "POST")).toBe(405);
    for (const query of ["?cursor=abc", "?cursor=-1", "?cursor=1e99", "?cursor=1&cursor=2"]) {
      expect(await statusOf(`/setpoint/stream${query}`, { accept: "text/event-stream" })).toBe(400);
      expect(await upgradeStatus(application, {}, `/setpoint/stream${query}`)).toBe(400);
    }
  });
});

test("closing tells every browser to come back and waits until all are gone", async () => {
  const application = await startApplication();
  const socket = await openBrowser(application);
  await socket.next();
  const response = await new Promise<IncomingMessage>((resolve) => {
    get(`http://${application.url}`, { headers: { accept: "text/event-stream" }, agent: false }, resolve);
  });
  const ended = once(response.resume(), "end");
  const closing = application.endpoint.close();
  expect(await socket.next()).toMatchObject({ type: "error", retryAfterMs: 1_000 });
  expect(await socket.closed).toBe(1012);
  await ended;
  await closing;
  expect(await upgradeStatus(application, {})).toBe(503);
});

test("closing does not wait for a first state", async () => {
  const application = await startApplication({ feed: createModelFeed(model, { isReady: false }) });
  const answer = answerTo(application, "/setpoint/stream", { accept: "text/event-stream" });
  const { endpoint } = application;
  const arrived = new Promise<void>((resolve) => {
    const { handle } = endpoint;
    endpoint.handle = (incoming, response) => {
      resolve();
      return handle(incoming, response);
    };
  });
  await arrived;
  await endpoint.close();
  expect((await answer).statusCode).toBe(503);
});
