import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type ClientOptions, createClient, type ServerClient } from "../../src/index.ts";
import { createFrameModel } from "./frame-model.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";
import { type ScriptedConnection, type ScriptedDaemon, startScriptedDaemon } from "./scripted-daemon.ts";

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

async function daemonFor(path?: string): Promise<ScriptedDaemon> {
  const daemon = await startScriptedDaemon(path);
  endings.push(daemon.close);
  return daemon;
}

function clientFor(options: ClientOptions): ServerClient & { readonly clock: ManualClock } {
  const clock = createManualClock();
  const client = createClient({ environment: "base", service: "shop", instanceId: "shop-1", variables: {}, clock, ...options });
  endings.push(() => client.close());
  return Object.assign(client, { clock });
}

function folderFor(): string {
  const folder = mkdtempSync(join(tmpdir(), "setpoint-client-"));
  endings.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Resolves once the client's status is like this. */
function until(client: ServerClient, isSo: (client: ServerClient) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!isSo(client)) return;
      stop();
      resolve();
    };
    const stop = client.subscribe(look);
    queueMicrotask(look);
  });
}

/** Goes on after a failure: waits for it, then lets the wait pass. */
async function retry(client: ServerClient & { readonly clock: ManualClock }, attempts: number): Promise<void> {
  await until(client, ({ status }) => status.attempts === attempts);
  client.clock.runNext();
}

async function answered(
  daemon: ScriptedDaemon,
  ...frames: readonly unknown[]
): Promise<ScriptedConnection & { readonly subscribed: Record<string, unknown> }> {
  const connection = await daemon.connection();
  const subscribed = await connection.message();
  connection.send(...frames);
  return Object.assign(connection, { subscribed });
}

describe("a client of a daemon", () => {
  test("says who it is, shows the values, and acknowledges each frame", async () => {
    const daemon = await daemonFor();
    const model = createFrameModel({ "a.x": 1 });
    const client = clientFor({ url: daemon.url, token: daemon.token, namespaces: ["a"] });
    const connection = await answered(daemon, model.snapshot());
    expect(connection.request.url).toBe("/v1/stream");
    expect(connection.request.headers["sec-websocket-extensions"]).toBeUndefined();
    expect(connection.subscribed).toEqual({
      type: "subscribe",
      environment: "base",
      namespaces: ["a"],
      audience: "server",
      instance: { service: "shop", id: "shop-1", sdk: expect.stringMatching(/^setpoint-js\/\d+\.\d+\.\d+/) as string },
    });
    await client.ready;
    expect(client.config).toEqual({ a: { x: 1 } });
    const { cursor, hash } = model.snapshot();
    expect(await connection.message()).toEqual({ type: "ack", cursor, hash, status: "applied" });
    const change = model.commit({ "a.x": 2 });
    connection.send(change);
    expect(await connection.message()).toEqual({ type: "ack", cursor: change.cursor, hash: change.hash, status: "applied" });
    expect(client.get("a.x")).toBe(2);
  });

  test("acknowledges where it stands when a resumption is answered by a heartbeat, and nothing that it refused", async () => {
    const daemon = await daemonFor();
    const model = createFrameModel({ "a.x": 1 });
    const client = clientFor({ url: daemon.url, token: daemon.token });
    const first = await answered(daemon, model.snapshot());
    await first.message();
    first.socket.close(1012);
    await retry(client, 1);
    const second = await answered(daemon, { type: "heartbeat", cursor: model.snapshot().cursor });
    expect(second.subscribed).toMatchObject({ cursor: model.snapshot().cursor, hash: model.snapshot().hash });
    expect(await second.message()).toMatchObject({ type: "ack", cursor: model.snapshot().cursor });
    expect(client.status).toMatchObject({ state: "live", lastError: "closed with 1012" });
    second.send({ ...model.commit({ "a.x": 2 }), hash: "0000000000000000" });
    expect(await second.closed).toBe(1000);
    await retry(client, 2);
    const third = await answered(daemon, model.snapshot());
    expect(third.subscribed).toMatchObject({ snapshot: true });
    expect(await third.message()).toMatchObject({ type: "ack", cursor: model.snapshot().cursor });
  });

  test("keeps its values and comes back after garbage, binary and a cut", async () => {
    const daemon = await daemonFor();
    const model = createFrameModel({ "a.x": 1 });
    const client = clientFor({ url: daemon.url, token: daemon.token });
    const attacks: ((connection: ScriptedConnection) => void)[] = [
      ({ socket }) => socket.send("{"),
      ({ socket }) => socket.send(Buffer.from(JSON.stringify(model.commit({ "a.x": 9 })))),
      ({ socket }) => socket.terminate(),
      ({ socket }) => socket.close(1013, "overload"),
    ];
    for (const [index, attack] of attacks.entries()) {
      const connection = await answered(daemon, model.snapshot());
      await connection.message();
      attack(connection);
      await until(client, ({ status }) => status.state === "stale");
      expect(client.get("a.x")).toBe(index < 2 ? 1 : 9);
      await retry(client, index + 1);
    }
    expect(client.status.lastError).toBe("closed with 1013: overload");
    await answered(daemon, model.snapshot());
    await until(client, ({ status }) => status.state === "live");
  });

  test("leaves a frozen daemon after two and a half heartbeats of silence", async () => {
    const daemon = await daemonFor();
    const model = createFrameModel({ "a.x": 1 });
    const client = clientFor({ url: daemon.url, token: daemon.token });
    const connection = await answered(daemon, model.snapshot());
    await connection.message();
    connection.socket.pause();
    client.clock.advance(37_500);
    expect(client.status).toMatchObject({ state: "stale", lastError: "silent" });
    client.clock.runNext();
    const { subscribed } = await answered(daemon, { type: "heartbeat", cursor: model.snapshot().cursor });
    expect(subscribed).toMatchObject({ cursor: model.snapshot().cursor });
    await until(client, ({ status }) => status.state === "live");
  });

  test("goes on trying with a refused token, without showing it, and takes the one that replaces it", async () => {
    const folder = folderFor();
    const daemon = await daemonFor();
    const variables = { SETPOINT_URL: daemon.url, SETPOINT_TOKEN_FILE: join(folder, "token") };
    writeFileSync(join(folder, "token"), "sp_old_secret\n");
    const client = clientFor({ variables });
    await until(client, ({ status }) => status.attempts === 1);
    expect(client.status).toMatchObject({ state: "connecting", lastError: "The daemon refused the token (401)." });
    expect(JSON.stringify(client.status)).not.toContain("secret");
    await retry(client, 1);
    await until(client, ({ status }) => status.attempts === 2);
    writeFileSync(join(folder, "token"), `${daemon.token}\n`);
    await retry(client, 2);
    await answered(daemon, createFrameModel().snapshot());
    await client.ready;
    expect(client.status.state).toBe("live");
  });

  test("waits for a daemon that starts later, and finds it again where it moved", async () => {
    const folder = folderFor();
    const stateDir = join(folder, ".setpoint");
    const model = createFrameModel({ "a.x": 1 });
    const client = clientFor({ folder: join(folder, "src"), variables: { XDG_STATE_HOME: join(folder, "none") } });
    await until(client, ({ status }) => status.attempts === 1);
    expect(client.status.lastError).toMatch(/^No daemon was found: there is no .*daemon\.json/);

    const move = (daemon: ScriptedDaemon) => {
      mkdirSync(stateDir, { recursive: true });
      writeFileSync(join(stateDir, "token"), daemon.token);
      writeFileSync(join(stateDir, "daemon.json"), JSON.stringify({ pid: 1, url: daemon.url, socket: null, version: "1" }));
    };
    const first = await daemonFor();
    move(first);
    await retry(client, 1);
    await (await answered(first, model.snapshot())).message();
    await first.close();
    await retry(client, 2);
    await until(client, ({ status }) => status.attempts === 3);
    expect(client.status).toMatchObject({ state: "stale", lastError: expect.stringMatching(/ECONNREFUSED/) as string });

    const second = await daemonFor();
    move(second);
    await retry(client, 3);
    const { subscribed } = await answered(second, { type: "heartbeat", cursor: model.snapshot().cursor });
    expect(subscribed).toMatchObject({ cursor: model.snapshot().cursor });
    await until(client, ({ status }) => status.state === "live");
    expect(client.get("a.x")).toBe(1);
  });

  test("asks for the default environment once, and stays in it", async () => {
    const daemon = await daemonFor();
    daemon.environments = ["staging", "base"];
    const client = clientFor({ url: daemon.url, token: daemon.token, environment: undefined });
    const first = await answered(daemon, createFrameModel().snapshot());
    expect(first.subscribed).toMatchObject({ environment: "staging" });
    await client.ready;
    daemon.environments = ["base"];
    first.socket.close();
    await retry(client, 1);
    expect((await answered(daemon)).subscribed).toMatchObject({ environment: "staging" });
    expect(daemon.requests.filter(({ url }) => url === "/v1/environments")).toHaveLength(1);
  });

  test("takes the environment from SETPOINT_ENVIRONMENT", async () => {
    const daemon = await daemonFor();
    clientFor({
      environment: undefined,
      variables: { SETPOINT_URL: daemon.url, SETPOINT_TOKEN: daemon.token, SETPOINT_ENVIRONMENT: "eu" },
    });
    expect((await answered(daemon)).subscribed).toMatchObject({ environment: "eu" });
  });

  test("prefers the daemon's Unix socket, and goes over TCP where the socket is dead", async () => {
    const folder = folderFor();
    const socketPath = join(folder, "daemon.sock");
    const unix = await startScriptedDaemon(socketPath);
    const tcp = await daemonFor();
    writeFileSync(join(folder, "token"), tcp.token);
    writeFileSync(join(folder, "daemon.json"), JSON.stringify({ url: tcp.url, socket: socketPath }));
    const client = clientFor({ stateDir: folder });
    await answered(unix, createFrameModel().snapshot());
    await client.ready;
    await unix.close();
    // As a daemon that was killed leaves it: a file at which nobody listens.
    writeFileSync(socketPath, "");
    await retry(client, 1);
    await retry(client, 2);
    expect((await answered(tcp, createFrameModel().snapshot())).request.headers.host).toBe(`127.0.0.1:${tcp.port}`);
    await until(client, ({ status }) => status.state === "live");
  });

  test("closing says goodbye, waits until it is gone, and stops looking", async () => {
    const daemon = await daemonFor();
    const client = clientFor({ url: daemon.url, token: daemon.token });
    const connection = await answered(daemon, createFrameModel().snapshot());
    await client.ready;
    await client.close();
    expect(await connection.closed).toBe(1000);
    expect(client.status.state).toBe("closed");
    client.clock.advance(10 * 60_000);
    expect(daemon.requests).toHaveLength(1);
  });

  test("closing it, or a feed, as often as one likes ends every call", async () => {
    const daemon = await daemonFor();
    const model = createFrameModel({ "a.x": 1 });
    const client = clientFor({ url: daemon.url, token: daemon.token });
    await answered(daemon, model.snapshot());
    const feed = client.feed({ audience: "client" });
    await answered(daemon, model.snapshot());
    await Promise.all([client.ready, feed.ready]);
    await Promise.all([feed.close(), feed.close(), client.close(), client.close()]);
    await client.close();
    expect(client.status.state).toBe("closed");
  });

  test("closing at once, before anything was tried, tries nothing", async () => {
    const daemon = await daemonFor();
    const client = clientFor({ url: daemon.url, token: daemon.token });
    await client.close();
    expect(daemon.requests).toHaveLength(0);
  });
});

describe("a feed", () => {
  test("is a second subscription that hands on every frame after it was verified", async () => {
    const daemon = await daemonFor();
    const model = createFrameModel({ "a.x": 1 });
    const client = clientFor({ url: daemon.url, token: daemon.token });
    await answered(daemon, model.snapshot());
    await client.ready;
    const feed = client.feed({ audience: "client" });
    const frames: [string, unknown][] = [];
    feed.frames((frame) => frames.push([frame.type, feed.state()?.values]));
    expect(feed.state()).toBeUndefined();
    const connection = await answered(daemon, model.snapshot());
    expect(connection.subscribed).toEqual({ type: "subscribe", environment: "base", audience: "client" });
    await feed.ready;
    expect(feed.state()).toEqual({
      cursor: model.snapshot().cursor,
      revision: 0,
      hash: model.snapshot().hash,
      values: { "a.x": 1 },
      flags: {},
      segments: {},
    });
    expect(feed.state()).toBe(feed.state());
    connection.send(model.commit({ "a.x": 2 }));
    connection.send(model.pass());
    await expect
      .poll(() => frames)
      .toEqual([
        ["snapshot", { "a.x": 1 }],
        ["change", { "a.x": 2 }],
        ["heartbeat", { "a.x": 2 }],
      ]);
    connection.send({ ...model.commit({ "a.x": 3 }), hash: "0000000000000000" });
    await connection.closed;
    expect(feed.state()?.values).toEqual({ "a.x": 2 });
    expect(frames).toHaveLength(3);
    await client.close();
  });
});

test("closing a client ends the wait for a feed's first state", async () => {
  const daemon = await daemonFor();
  const client = clientFor({ url: daemon.url, token: daemon.token });
  const feed = client.feed({ audience: "client" });
  await client.close();
  await Promise.all([client.ready, feed.ready]);
  expect(feed.state()).toBeUndefined();
});

describe("changes", () => {
  async function live() {
    const daemon = await daemonFor();
    const model = createFrameModel({ "a.x": 0 });
    const client = clientFor({ url: daemon.url, token: daemon.token });
    const connection = await answered(daemon, model.snapshot());
    await client.ready;
    return { client, model, connection };
  }

  test("come in order from the call on, and end with the client", async () => {
    const { client, model, connection } = await live();
    const changes = client.changes("a.*");
    connection.send(model.commit({ "a.x": 1, "b.y": 1 }));
    connection.send(model.commit({ "a.x": 2, "a.z": 1 }));
    const seen: string[] = [];
    for await (const { key, value } of changes) {
      seen.push(`${key}=${JSON.stringify(value)}`);
      if (seen.length === 3) await client.close();
    }
    expect(seen).toEqual(["a.x=1", "a.x=2", "a.z=1"]);
  });

  test("end with the signal, also while a reader waits", async () => {
    const { client } = await live();
    const abort = new AbortController();
    const next = client.changes("**", { signal: abort.signal }).next();
    abort.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await client.changes("**", { signal: abort.signal }).next()).toEqual({ done: true, value: undefined });
  });

  test("end for a reader that leaves, also one that never began or that waits", async () => {
    const { client } = await live();
    const never = client.changes();
    expect(await never.return?.()).toEqual({ done: true, value: undefined });
    const waiting = client.changes();
    const next = waiting.next();
    await waiting.return?.();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  test("fail for a reader that falls 10,000 behind, after what came before", async () => {
    const { client, model, connection } = await live();
    const changes = client.changes();
    for (let part = 0; part < 3; part += 1) {
      connection.send(model.commit(Object.fromEntries(Array.from({ length: 4_000 }, (_, index) => [`a.k${part}-${index}`, index]))));
    }
    await until(client, ({ status }) => status.revision === 3);
    for (let count = 0; count < 10_000; count += 1) expect((await changes.next()).done).toBe(false);
    await expect(changes.next()).rejects.toThrow("10000 changes");
  });
});
