import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createManualTimers, type ManualTimers } from "./manual-timers.ts";
import { startStreamServer, type StreamServer } from "./stream-server.ts";

let timers: ManualTimers;
let server: StreamServer;

beforeEach(async () => {
  timers = createManualTimers();
  server = await startStreamServer({ timers });
});
afterEach(() => server.close());

interface EventReader {
  readonly response: IncomingMessage;
  /** The next event's lines by field name. */
  next(): Promise<Record<string, string>>;
}

async function open(query: string, headers: Record<string, string> = {}): Promise<EventReader> {
  const request = get(`http://${server.url}${query}`, { headers: { accept: "text/event-stream", ...headers }, agent: false });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.on("error", () => {});
  const chunks = response.setEncoding("utf8")[Symbol.asyncIterator]() as AsyncIterator<string>;
  let text = "";
  return {
    response,
    async next() {
      while (!text.includes("\n\n")) {
        const { value, done } = await chunks.next();
        if (done) throw new Error("ended");
        text += value;
      }
      const end = text.indexOf("\n\n");
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)]));
    },
  };
}

test("an event stream has the cursor as id, the type as event, and the same frames", async () => {
  const first = server.model.commit({ values: { "app.size": 1 } });
  const { response, next } = await open("?environment=base");
  expect(response.headers).toMatchObject({
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  expect(await next()).toEqual({ retry: "1000" });
  const snapshot = await next();
  expect(snapshot).toMatchObject({ id: first.cursor, event: "snapshot" });
  expect(JSON.parse(snapshot["data"] ?? "")).toMatchObject({
    type: "snapshot",
    reason: "first",
    cursor: first.cursor,
    values: { "app.size": 1 },
  });

  const second = server.model.commit({ values: { "app.text": "two\nlines \u2028 and more" } });
  const change = await next();
  expect(change).toMatchObject({ id: second.cursor, event: "change" });
  expect(JSON.parse(change["data"] ?? "")).toMatchObject({ previous: 1, values: { set: { "app.text": "two\nlines \u2028 and more" } } });

  const untouched = server.model.commit({ environment: "other", values: { "app.size": 1 } });
  timers.advance(15_000);
  expect(await next()).toEqual({
    id: untouched.cursor,
    event: "heartbeat",
    data: JSON.stringify({ type: "heartbeat", cursor: untouched.cursor }),
  });
});

test("it resumes by Last-Event-ID, which goes before the address's cursor", async () => {
  const [first, , third] = [1, 2, 3].map((size) => server.model.commit({ values: { "app.size": size } }));
  const byParameter = await open(`?environment=base&cursor=${first?.cursor}`);
  await byParameter.next();
  expect(JSON.parse((await byParameter.next())["data"] ?? "")).toMatchObject({ previous: 1, revision: 3 });
  const byHeader = await open(`?environment=base&cursor=${first?.cursor}`, { "last-event-id": third?.cursor ?? "" });
  await byHeader.next();
  expect(await byHeader.next()).toMatchObject({ event: "heartbeat", id: third?.cursor });
});

test("a cursor that is none is refused", async () => {
  expect((await open("?environment=base&cursor=abc")).response.statusCode).toBe(400);
  expect((await open("?environment=base", { "last-event-id": "-1" })).response.statusCode).toBe(400);
  expect((await open("?environment=base&cursor=")).response.statusCode).toBe(200);
});

test("who goes away is forgotten", async () => {
  const { response, next } = await open("?environment=base");
  await next();
  await next();
  expect(server.hub.counts()).toMatchObject({ connections: 1, subscribers: 1 });
  response.destroy();
  await expect.poll(() => server.hub.counts()).toMatchObject({ connections: 0, subscribers: 0 });
});

test("before a restart it is told when to come back, and ended", async () => {
  const { next } = await open("?environment=base");
  await next();
  await next();
  server.hub.drain("The daemon restarts.", 500);
  const { event, data = "", id } = await next();
  expect([event, id]).toEqual(["error", undefined]);
  expect(JSON.parse(data)).toMatchObject({ retryAfterMs: 500 });
  await expect(next()).rejects.toThrow("ended");
});
