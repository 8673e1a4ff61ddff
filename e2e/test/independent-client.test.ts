// Walks through docs/reference/protocol.md sentence by sentence against the real daemon, with the client in ../independent-client,
// which knows that page and the state hash's page only.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type ClientRequest, type IncomingMessage, get } from "node:http";
import { type Socket, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import {
  type Answer,
  Client,
  type Follower,
  type Frame,
  Replica,
  type Sending,
  canonical,
  h64,
  hex,
  recordLanes,
  revisionOf,
} from "../independent-client/client.mjs";

const BIN = fileURLToPath(new URL("../../node_modules/.bin", import.meta.url));
const PAGE = fileURLToPath(new URL("../../docs/reference/state-hash.md", import.meta.url));
const CURSOR = /^\d+-[0-9a-f]{16}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const SHOP = {
  type: "object",
  properties: {
    maxItems: { type: "integer", default: 10, minimum: 1, maximum: 100 },
    title: { type: "string" },
    banner: { type: "string", default: "hi", description: "Shown on top" },
    any: {},
    secretKey: { type: "string", "x-setpoint-sensitive": true },
    secretDefault: { type: "string", default: "hush", "x-setpoint-sensitive": true },
    visible: { type: "boolean", default: true, "x-setpoint-client": true },
    maybe: { type: ["string", "null"], default: null },
    delivery: { type: "object", properties: { rules: { type: "object" }, days: { type: "integer", default: 2 } } },
    limits: { type: "object", "x-setpoint-entries": "keys", additionalProperties: { type: "integer" } },
  },
};
const MISC = {
  type: "object",
  properties: { text: { type: "string", default: "m" }, note: { type: "string", "x-setpoint-client": true } },
};
const PROJECT = {
  environments: [
    { name: "base", description: "Shared by all", autoSync: false },
    { name: "prod", parent: "base", isProduction: true },
    { name: "eu", parent: "prod" },
    { name: "other" },
    { name: "guarded", parent: "base", approvalRequired: true },
  ],
  defaultEnvironment: "base",
  schemas: { shop: SHOP, misc: MISC },
};
const FLAG = { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "on" };
const SEGMENT = { in: [{ var: "email" }, "@example.test"] };

interface Boot {
  project?: unknown;
  args?: string[];
  env?: Record<string, string>;
  folder?: string;
  port?: number;
}

/** The daemon as a child process, in a folder of its own. */
class Daemon {
  readonly folder: string;
  readonly state: string;
  readonly client: Client;
  output = "";
  #child: ChildProcess | undefined;
  readonly #boot: Boot;

  constructor(boot: Boot = {}) {
    this.#boot = boot;
    this.folder = boot.folder ?? mkdtempSync(join(tmpdir(), "setpoint-contract-"));
    this.state = join(this.folder, "state");
    mkdirSync(this.state, { recursive: true, mode: 0o700 });
    mkdirSync(join(this.folder, "project"), { recursive: true });
    const project = "project" in boot ? boot.project : PROJECT;
    if (project !== undefined) writeFileSync(join(this.folder, "project", "setpoint.config.json"), JSON.stringify(project));
    this.client = Client.ofStateFolder(this.state);
  }

  launch(): ChildProcess {
    const { args, env } = this.#boot;
    const all = args ?? ["--project", join(this.folder, "project"), "--state-dir", this.state, "--port", String(this.#boot.port ?? 0)];
    const { PATH = "", HOME = "" } = process.env;
    const child = spawn(join(BIN, "setpointd"), all, { cwd: this.folder, env: { PATH: `${BIN}:${PATH}`, HOME, ...env } });
    child.stdout.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    this.#child = child;
    return child;
  }

  async start(): Promise<this> {
    const child = this.launch();
    await vi.waitFor(
      async () => {
        if (child.exitCode !== null) throw new Error(`the daemon stopped: ${this.output}`);
        const { pid } = JSON.parse(readFileSync(join(this.state, "daemon.json"), "utf8"));
        if (pid !== child.pid) throw new Error("daemon.json is still the former daemon's");
        const { status } = await this.client.request("GET", "/readyz");
        if (status !== 200) throw new Error(`/readyz answers ${status}`);
      },
      { timeout: 25_000, interval: 20 },
    );
    return this;
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  async restart(signal: NodeJS.Signals): Promise<void> {
    await this.stop(signal);
    await this.start();
  }

  async url(): Promise<URL> {
    return new URL((await this.client.locate()).url);
  }

  get(path: string, headers: Record<string, string | undefined> = {}): Promise<Answer> {
    return this.client.request("GET", path, { headers });
  }

  post(path: string, body: unknown, headers: Record<string, string | undefined> = {}): Promise<Answer> {
    return this.client.request("POST", path, { body, headers });
  }

  async head(): Promise<{ revision: number; cursor: string }> {
    const { revision, cursor } = (await this.client.config("base")).body;
    return { revision, cursor };
  }

  async dispose(): Promise<void> {
    await this.stop("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const values = (key: string, environment = "base") => `/v1/environments/${environment}/values/${key}`;
const change = (key: string, value: unknown, environment = "base") => ({ environment, key, value });
const without = (key: string, environment = "base") => ({ environment, key, delete: true });

/** A WebSocket whose frames are awaited one by one; nothing is interpreted. */
class Wire {
  readonly texts: string[] = [];
  readonly #frames: Frame[] = [];
  readonly #waiting: ((frame: Frame) => void)[] = [];
  readonly closed: Promise<number>;
  readonly socket: WebSocket;

  constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.on("close", resolve));
    socket.on("error", () => {});
    socket.on("message", (data: Buffer) => {
      this.texts.push(data.toString());
      const frame = JSON.parse(data.toString()) as Frame;
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#frames.push(frame);
      else waiting(frame);
    });
  }

  static async open(daemon: Daemon, query = "", protocols: string[] = ["setpoint.v1"], deflate = false): Promise<Wire> {
    const { url, token } = await daemon.client.locate();
    const headers = { authorization: `Bearer ${token}` };
    const socket = new WebSocket(`${url.replace("http", "ws")}/v1/stream${query}`, protocols, { headers, perMessageDeflate: deflate });
    const wire = new Wire(socket);
    wires.push(wire);
    await once(socket, "open");
    return wire;
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  /** The next frame, also a heartbeat. */
  any(): Promise<Frame> {
    const frame = this.#frames.shift();
    return frame === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(frame);
  }

  /** The next frame that is no heartbeat: those come unasked, too, at times of the daemon's choice. */
  async next(): Promise<Frame> {
    for (;;) {
      const frame = await this.any();
      if (frame["type"] !== "heartbeat") return frame;
    }
  }

  ask(frame: unknown): Promise<Frame> {
    this.send(frame);
    return this.next();
  }

  askAny(frame: unknown): Promise<Frame> {
    this.send(frame);
    return this.any();
  }

  /** The texts so far without the heartbeats. */
  get told(): string[] {
    return this.texts.filter((text) => !text.startsWith('{"type":"heartbeat"'));
  }
}

/** A server-sent event stream, event by event. */
class Events {
  readonly response: IncomingMessage;
  readonly #request: ClientRequest;
  readonly #events: Record<string, string>[] = [];
  readonly #waiting: ((event: Record<string, string>) => void)[] = [];

  constructor(request: ClientRequest, response: IncomingMessage) {
    this.#request = request;
    this.response = response;
    let text = "";
    response.setEncoding("utf8");
    response.on("error", () => {});
    response.on("data", (chunk: string) => {
      const blocks = (text + chunk).split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const lines = block.split("\n").filter((line) => line !== "" && !line.startsWith(":"));
        if (lines.length === 0) continue;
        const event = Object.fromEntries(lines.map((line) => /^(\w+): ?(.*)$/.exec(line)?.slice(1, 3) ?? ["?", line]));
        if (event["data"] === undefined) continue;
        const waiting = this.#waiting.shift();
        if (waiting === undefined) this.#events.push(event);
        else waiting(event);
      }
    });
  }

  static async open(daemon: Daemon, query: string, more: Record<string, string> = {}): Promise<Events> {
    const { url, token } = await daemon.client.locate();
    const headers = { authorization: `Bearer ${token}`, accept: "text/event-stream", ...more };
    const request = get(`${url}/v1/stream${query}`, { headers, agent: false });
    request.on("error", () => {});
    const [response] = (await once(request, "response")) as [IncomingMessage];
    const events = new Events(request, response);
    streams.push(events);
    return events;
  }

  any(): Promise<Record<string, string>> {
    const event = this.#events.shift();
    return event === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(event);
  }

  async next(): Promise<Record<string, string>> {
    for (;;) {
      const event = await this.any();
      if (event["event"] !== "heartbeat") return event;
    }
  }

  async frame(): Promise<Frame> {
    return JSON.parse((await this.any())["data"] ?? "") as Frame;
  }

  close(): void {
    this.#request.destroy();
  }
}

const wires: Wire[] = [];
const streams: Events[] = [];
const followers: Follower[] = [];

async function follow(daemon: Daemon, ...[options]: Parameters<Client["follow"]>): Promise<Follower> {
  const follower = await daemon.client.follow(options);
  followers.push(follower);
  return follower;
}

afterEach(() => {
  for (const wire of wires.splice(0)) wire.socket.terminate();
  for (const stream of streams.splice(0)) stream.close();
  for (const follower of followers.splice(0)) follower.stop();
});

/** Bytes as they are: what a well-behaved HTTP client would never send. */
async function raw(daemon: Daemon, text: string): Promise<{ status: number; headers: string; body: any; socket: Socket }> {
  const url = await daemon.url();
  const socket = connect(Number(url.port), url.hostname);
  socket.on("error", () => {});
  socket.write(text);
  let answer = "";
  for await (const chunk of socket) answer += String(chunk);
  const [headers = "", body = ""] = answer.split("\r\n\r\n");
  return { status: Number(headers.split(" ")[1]), headers, body: body.startsWith("{") ? JSON.parse(body) : undefined, socket };
}

/** A request with exactly these header lines, host and authorization being the right ones unless given. */
async function lines(daemon: Daemon, method: string, path: string, given: string[], body = "") {
  const { url, token } = await daemon.client.locate();
  const names = new Set(given.map((line) => line.split(":")[0]?.toLowerCase()));
  const all = [...given, "connection: close"];
  if (!names.has("host")) all.push(`host: ${new URL(url).host}`);
  if (!names.has("authorization")) all.push(`authorization: Bearer ${token}`);
  if (!names.has("content-length") && (body !== "" || method !== "GET")) all.push(`content-length: ${Buffer.byteLength(body)}`);
  return raw(daemon, `${method} ${path} HTTP/1.1\r\n${all.join("\r\n")}\r\n\r\n${body}`);
}

/** Announces a body of one byte above 1 MiB and sends none of it: a refusal needs no more. */
function announce(daemon: Daemon, method: string, path: string, headers: Record<string, string | undefined> = {}) {
  const all = Object.entries({ "content-type": "application/json", ...headers, "content-length": String(1024 * 1024 + 1) });
  return lines(
    daemon,
    method,
    path,
    all.map(([name, value]) => `${name}: ${value ?? ""}`),
  );
}

function expectProblem(answer: { status: number; body: any }, status: number, code: string): void {
  expect([answer.status, answer.body?.code]).toEqual([status, code]);
}

const hashOf = (records: [kind: string, key: string, value: unknown][]) =>
  hex(records.map((record) => recordLanes(...record)).reduce(([a, b], [c, d]) => [(a + c) >>> 0, (b + d) >>> 0], [0, 0]));
const hashOfValues = (record: Record<string, unknown>) => hashOf(Object.entries(record).map(([key, value]) => ["value", key, value]));

/** What became of the frames so far, heartbeats left out: they come unasked, too. */
const outcomes = (follower: Follower) => follower.log.map((one) => one.outcome).filter((outcome) => outcome !== "moved");

/** Accepts every answer that changes something, or says why not. */
function accepted(answer: Answer): any {
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.text}`);
  return answer.body;
}

let daemon: Daemon;
beforeAll(async () => {
  daemon = await new Daemon().start();
});
afterAll(() => daemon.dispose());

describe("the client's own arithmetic", () => {
  const { texts, records, sum } = JSON.parse(/```json\n([\s\S]*?)```/.exec(readFileSync(PAGE, "utf8"))?.[1] ?? "") as {
    texts: { text: string; hash: string }[];
    records: { kind: string; key: string; value: unknown; hash: string }[];
    sum: string;
  };

  test.each(texts)("texts are inputs of h64: $text", ({ text, hash }) => {
    expect(hex(h64(text))).toBe(hash);
  });

  test.each(records)("records are hashed as step 1 says: $key", ({ kind, key, value, hash }) => {
    expect(hex(recordLanes(kind, key, value))).toBe(hash);
  });

  test("sum is the state hash of all the records together", () => {
    expect(hashOf(records.map(({ kind, key, value }) => [kind, key, value]))).toBe(sum);
  });

  test("RFC 8785: members sorted by UTF-16 code units, ECMAScript number format, no white space", () => {
    expect(canonical({ "\ue000": 1, "😀": 2, b: [1e21, -0, 0.1, "\u0007é"], a: { z: null, y: true } })).toBe(
      `{"a":{"y":true,"z":null},"b":[1e+21,0,0.1,"\\u0007é"],"😀":2,"\ue000":1}`,
    );
  });

  test("Nothing gives 0000000000000000", () => {
    expect(hashOf([])).toBe("0000000000000000");
  });
});

describe("NAMES", () => {
  test('cursor: "<revision>-<16 hex>" (the daemon always gives the long form)', async () => {
    const { body } = await daemon.client.config("base");
    expect(body.cursor).toMatch(CURSOR);
    expect(revisionOf(body.cursor)).toBe(body.revision);
  });

  test("layer: the API writes stored only; a value stored in a parent is stored, too (explain names the environment)", async () => {
    accepted(await daemon.client.put("base", "shop.maxItems", 21));
    expect((await daemon.client.value("eu", "shop.maxItems")).body).toMatchObject({ value: 21, layer: "stored" });
    const { candidates } = (await daemon.get("/v1/environments/eu/explain/shop.maxItems")).body;
    expect(candidates[0]).toMatchObject({ layer: "stored", environment: "base", value: 21, wins: true });
    expect((await daemon.client.value("other", "shop.maxItems")).body).toMatchObject({ value: 10, layer: "default" });
  });

  test("hash: over every value, flag definition and segment of the projection; config without keys answers it", async () => {
    accepted(
      await daemon.client.batch([
        { kind: "flag", environment: "prod", key: "hash me", value: FLAG },
        { kind: "segment", environment: "prod", key: "staff", value: SEGMENT },
      ]),
    );
    const { hash, values: config } = (await daemon.client.config("prod")).body;
    const records = Object.entries(config).map(([key, value]): [string, string, unknown] => ["value", key, value]);
    expect(hash).toBe(hashOf([...records, ["flag", "hash me", FLAG], ["segment", "staff", SEGMENT]]));
  });

  test("config with keys answers the hash of the values answered", async () => {
    const { hash, values: config } = (await daemon.client.config("prod", "?keys=shop.*")).body;
    expect(Object.keys(config)).toEqual(["shop.banner", "shop.maxItems", "shop.maybe", "shop.visible"]);
    expect(hash).toBe(hashOfValues(config));
  });

  test.each([
    ["a digit first", "shop.1x"],
    ["__", "shop.a__b"],
    ["an empty segment", "shop..x"],
    ["a character outside [A-Za-z0-9_-]", "shop.a$"],
    ["17 segments", Array.from({ length: 17 }, () => "a").join(".")],
    ["257 characters", `shop.${"a".repeat(252)}`],
  ])("key: [A-Za-z][A-Za-z0-9_-]* without __, joined by dots, ≤ 16 segments, ≤ 256 characters: not %s", async (_, key) => {
    expectProblem(await daemon.client.put("base", key, 1), 400, "invalid_key");
    expectProblem(await daemon.client.value("base", key), 400, "invalid_key");
  });

  test("key: 16 segments and 256 characters are within the limits", async () => {
    accepted(await daemon.client.put("base", "shop.limits.a-b_c", 1));
    accepted(await daemon.client.put("base", `shop.limits.${"a".repeat(244)}`, 1));
    accepted(await daemon.client.batch([without("shop.limits.a-b_c"), without(`shop.limits.${"a".repeat(244)}`)]));
    expectProblem(await daemon.client.value("base", Array.from({ length: 16 }, () => "a").join(".")), 404, "configuration_not_found");
  });

  test("environment and namespace names are one segment", async () => {
    expect((await daemon.client.batch([{ kind: "environment", key: "a.b", value: {} }])).status).toBe(400);
    expect((await daemon.client.batch([{ kind: "schema", key: "a.b", value: { type: "object" } }])).status).toBe(400);
  });

  test("at= means the highest revision committed at or before it", async () => {
    const first = accepted(await daemon.client.put("base", "shop.title", "at one"));
    const { at } = (await daemon.get(`/v1/revisions/${first.revision}`)).body;
    expect(at).toMatch(TIME);
    await vi.waitUntil(() => Date.now() > Date.parse(at) + 1, { interval: 1 });
    accepted(await daemon.client.put("base", "shop.title", "at two"));
    const { body } = await daemon.client.config("base", `?at=${at}`);
    expect(body).toMatchObject({ revision: first.revision, cursor: first.cursor });
    expect(body.values["shop.title"]).toBe("at one");
    const before = new Date(Date.parse(at) - 1).toISOString();
    expect((await daemon.client.config("base", `?at=${before}`)).body.revision).toBeLessThan(first.revision);
  });
});

describe("NAMES, version across layers and environments", () => {
  const version = async (environment: string) => {
    const { body, headers } = await daemon.client.value(environment, "shop.banner");
    expect(headers.etag).toBe(`"${body.version}"`);
    return body.version;
  };
  const put = async (environment: string, value: string) => accepted(await daemon.client.put(environment, "shop.banner", value));
  const remove = async (environment: string) => accepted(await daemon.client.request("DELETE", values("shop.banner", environment)));

  test("version: the highest revision among the records that resolving the key reads", async () => {
    const schema = (await daemon.get("/v1/schemas")).body.schemas.find((one: any) => one.namespace === "shop").version;
    expect([await version("base"), await version("eu")]).toEqual([schema, schema]);

    const inBase = await put("base", "b1");
    expect(inBase.version).toBe(inBase.revision);
    expect([await version("base"), await version("prod"), await version("eu")]).toEqual(Array(3).fill(inBase.revision));
    expect(await version("other")).toBe(schema);

    const inProd = await put("prod", "p1");
    expect(inProd.version).toBe(inProd.revision);
    expect([await version("base"), await version("eu")]).toEqual([inBase.revision, inProd.revision]);

    const hidden = await put("base", "b2");
    expect([await version("base"), await version("prod"), await version("eu")]).toEqual([
      hidden.revision,
      inProd.revision,
      inProd.revision,
    ]);

    const inEu = await put("eu", "e1");
    const euGone = await remove("eu");
    expect(euGone).toMatchObject({ value: "p1", version: euGone.revision });
    expect(euGone.revision).toBeGreaterThan(inEu.revision);
    expect([await version("prod"), await version("eu")]).toEqual([inProd.revision, euGone.revision]);

    const prodGone = await remove("prod");
    expect(prodGone).toMatchObject({ value: "b2", version: prodGone.revision });
    expect([await version("prod"), await version("eu")]).toEqual([prodGone.revision, prodGone.revision]);

    const again = await put("base", "b3");
    expect([await version("prod"), await version("eu")]).toEqual([again.revision, again.revision]);

    const baseGone = await remove("base");
    expect(baseGone).toMatchObject({ value: "hi", version: baseGone.revision });
    expect([await version("base"), await version("prod"), await version("eu")]).toEqual(Array(3).fill(baseGone.revision));
    expect(await version("other")).toBe(schema);
  });

  test("and the schema where its default shows: a schema's revision counts only there", async () => {
    const title = accepted(await daemon.client.put("base", "misc.text", "stored"));
    const schema = accepted(await daemon.client.request("PUT", "/v1/schemas/misc", { body: { ...MISC, description: "again" } }));
    expect((await daemon.client.value("base", "misc.text")).body.version).toBe(title.revision);
    expect((await daemon.client.value("other", "misc.text")).body.version).toBe(schema.revision);
  });

  test("0 = no layer gives a value (the read that is 404)", async () => {
    accepted(await daemon.client.put("other", "shop.title", "x"));
    const gone = accepted(await daemon.client.request("DELETE", values("shop.title", "other")));
    expect(gone).toEqual({ revision: expect.any(Number), cursor: expect.any(String), key: "shop.title", version: 0, issues: [] });
    expectProblem(await daemon.client.value("other", "shop.title"), 404, "configuration_not_found");
    accepted(await daemon.client.put("other", "shop.title", "y", { ifMatch: '"0"' }));
  });

  test("Of other kinds: the record's revision", async () => {
    const { revision } = accepted(await daemon.client.batch([{ kind: "environment", key: "short", value: { description: "one" } }]));
    accepted(await daemon.client.put("short", "misc.text", "moves the head"));
    const named = async () => (await daemon.get("/v1/environments")).body.environments.find((one: any) => one.name === "short");
    expect((await named()).version).toBe(revision);
    const next = accepted(
      await daemon.client.batch([{ kind: "environment", key: "short", value: { description: "two" }, ifVersion: revision }]),
    );
    expect(next.changes[0].version).toBe(next.revision);
    expect((await named()).version).toBe(next.revision);
    accepted(await daemon.client.batch([without("misc.text", "short"), { kind: "environment", key: "short", delete: true }]));
    expect(await named()).toBeUndefined();
  });
});

describe("DAEMON and FILES", () => {
  const others: Daemon[] = [];
  afterEach(async () => {
    for (const other of others.splice(0)) await other.dispose();
  });
  const another = (boot: Boot) => {
    const other = new Daemon(boot);
    others.push(other);
    return other;
  };

  test("each also SETPOINT_<NAME>; default port 4747; 0 takes a free one, which daemon.json names", async () => {
    const folder = mkdtempSync(join(tmpdir(), "setpoint-contract-"));
    const env = {
      SETPOINT_PROJECT: join(folder, "project"),
      SETPOINT_STATE_DIR: join(folder, "state"),
      SETPOINT_PORT: "0",
      SETPOINT_HOST: "127.0.0.1",
    };
    const other = await another({ folder, args: [], env }).start();
    const { port, hostname } = await other.url();
    expect([hostname, Number(port) > 0]).toEqual(["127.0.0.1", true]);
    expect((await other.client.value("prod", "shop.maxItems")).body.value).toBe(10);
  });

  test('Without a project: one environment "base", no schema', async () => {
    const folder = mkdtempSync(join(tmpdir(), "setpoint-contract-"));
    const args = ["--state-dir", join(folder, "state"), "--port", "0"];
    const other = await another({ folder, args, project: undefined }).start();
    const { environments } = (await other.get("/v1/environments")).body;
    expect(environments.map((one: any) => one.name)).toEqual(["base"]);
    expect((await other.get("/v1/schemas")).body).toEqual({ schemas: [] });
    expect((await other.client.config("base")).body).toMatchObject({ hash: "0000000000000000", values: {} });
  });

  test("defaultEnvironment? (else the first): the project may leave it out", async () => {
    const { environments, schemas } = PROJECT;
    const other = await another({ project: { environments, schemas } }).start();
    expect((await other.client.config("base")).status).toBe(200);
  });

  test('<state>/token: one line "sp_<id>_<43 base64url>" (no "_" in <id>), 0600', () => {
    const token = readFileSync(join(daemon.state, "token"), "utf8");
    expect(token).toMatch(/^sp_[^_\s]+_[A-Za-z0-9_-]{43}\n?$/);
    expect(statSync(join(daemon.state, "token")).mode & 0o777).toBe(0o600);
  });

  test("<state>/daemon.json {pid, url, socket, version}", () => {
    const file = JSON.parse(readFileSync(join(daemon.state, "daemon.json"), "utf8"));
    expect(file).toEqual({ pid: expect.any(Number), url: expect.any(String), socket: expect.any(String), version: expect.any(String) });
    expect(statSync(file.socket).isSocket()).toBe(true);
  });

  test("the socket of daemon.json speaks the same HTTP", async () => {
    const { socket, url } = JSON.parse(readFileSync(join(daemon.state, "daemon.json"), "utf8"));
    const { token } = await daemon.client.locate();
    const headers = { authorization: `Bearer ${token}`, host: new URL(url).host };
    const request = get({ socketPath: socket, path: "/v1/environments", headers, agent: false });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(200);
  });

  test("a first run makes the token; the next run keeps it", async () => {
    const other = await another({}).start();
    const token = readFileSync(join(other.state, "token"), "utf8");
    await other.restart("SIGTERM");
    expect(readFileSync(join(other.state, "token"), "utf8")).toBe(token);
    expect((await other.get("/v1/environments")).status).toBe(200);
  });
});

describe("REQUEST", () => {
  test("Authorization: Bearer <token>, exactly one", async () => {
    const { token } = await daemon.client.locate();
    const path = "/v1/environments";
    expectProblem(await daemon.get(path, { authorization: undefined }), 401, "unauthenticated");
    expectProblem(await daemon.get(path, { authorization: "Bearer sp_x_y" }), 401, "unauthenticated");
    expectProblem(await daemon.get(path, { authorization: `Basic ${token}` }), 401, "unauthenticated");
    expectProblem(await daemon.get(path, { authorization: `Bearer ${token.slice(0, -1)}` }), 401, "unauthenticated");
    const twice = await lines(daemon, "GET", path, [`authorization: Bearer ${token}`, `authorization: Bearer ${token}`]);
    expect([400, 401]).toContain(twice.status);
  });

  test.each([
    ["application/json", 200],
    ["application/json; charset=utf-8", 200],
    ["application/json;charset=UTF-8", 200],
    ["application/json; charset=latin1", 415],
    ["application/json; version=1", 415],
    ["application/merge-patch+json", 415],
    ["text/plain", 415],
    [undefined, 415],
  ])("Content-Type application/json, charset=utf-8 or nothing beside it: %s", async (type, status) => {
    const answer = await daemon.post("/v1/batches?preview", { changes: [change("shop.title", "x")] }, { "content-type": type });
    expect(answer.status).toBe(status);
    if (status === 415) expect(answer.body.code).toBe("unsupported_media_type");
  });

  test("PATCH: application/merge-patch+json", async () => {
    const path = "/v1/environments/base/values";
    const patch = (type: string) =>
      daemon.client.request("PATCH", path, { body: { shop: { title: "patched" } }, headers: { "content-type": type } });
    expectProblem(await patch("application/json"), 415, "unsupported_media_type");
    expect((await patch("application/merge-patch+json; charset=utf-8")).status).toBe(200);
  });

  test("compressed bodies 415", async () => {
    const answer = await daemon.client.request("PUT", values("shop.title"), {
      body: { value: "x" },
      headers: { "content-encoding": "gzip" },
    });
    expectProblem(answer, 415, "unsupported_media_type");
  });

  test.each([
    ["an unknown member", '{"value":1,"extra":2}'],
    ["a duplicate member", '{"value":1,"value":2}'],
    ["a duplicate member inside the value", '{"value":{"a":1,"a":2}}'],
    ["a duplicate written with an escape", '{"value":1,"v\\u0061lue":2}'],
    ["no JSON", '{"value":1'],
    ["text after the JSON", '{"value":1} x'],
    ["an array", "[]"],
    ["nothing", ""],
    ["no value", '{"comment":"x"}'],
    ["a number outside the exact integers", '{"value":9007199254740992}'],
    ["a negative number outside them", '{"value":-9007199254740992}'],
    ["a number that overflows", '{"value":1e400}'],
    ["a lone surrogate", '{"value":"\\ud800"}'],
    ["a lone surrogate in a member's name", '{"value":{"\\udc00":1}}'],
    ["more than 64 levels", `{"value":${"[".repeat(65)}${"]".repeat(65)}}`],
    ["a comment of 2,001 characters", JSON.stringify({ value: 1, comment: "x".repeat(2001) })],
  ])("Unknown or duplicate members 400, limits 400: %s", async (_, body) => {
    expectProblem(await daemon.client.request("PUT", values("shop.any"), { body }), 400, "invalid_request");
  });

  test("a body that is not UTF-8 is no JSON", async () => {
    const body = Buffer.from([...Buffer.from('{"value":"'), 0xff, ...Buffer.from('"}')]);
    expectProblem(await daemon.client.request("PUT", values("shop.any"), { body }), 400, "invalid_request");
  });

  test.each([
    ["±(2^53−1)", '{"value":[9007199254740991,-9007199254740991]}'],
    ["63 levels in the value", `{"value":${"[".repeat(63)}${"]".repeat(63)}}`],
    ["a comment of 2,000 characters", JSON.stringify({ value: 1, comment: "x".repeat(2000) })],
    ["a pair of surrogates", '{"value":"\\ud83c\\udf88"}'],
    ["null", '{"value":null}'],
  ])("Limits: just inside: %s", async (_, body) => {
    expect(accepted(await daemon.client.request("PUT", values("shop.any"), { body })).value).toEqual(JSON.parse(body).value);
  });

  test("value 256 KiB (413)", async () => {
    const put = (length: number) => daemon.client.put("base", "shop.any", "x".repeat(length));
    expect((await put(256 * 1024 - 2)).status).toBe(200);
    expectProblem(await put(256 * 1024 + 1), 413, "too_large");
    expect((await daemon.client.put("base", "shop.any", 1)).status).toBe(200);
  });

  test("body 1 MiB (413)", async () => {
    const body = JSON.stringify({ changes: [change("shop.any", 1)] }).padEnd(1024 * 1024);
    expect((await daemon.post("/v1/batches?preview", body)).status).toBe(200);
    expectProblem(await announce(daemon, "POST", "/v1/batches?preview"), 413, "too_large");
  });

  test.each([
    "/v1/environments?x=1",
    "/v1/environments/base/config?keys=a.*&keys=b.*",
    "/v1/environments/base/config?Keys=a.*",
    "/v1/environments/base/values/shop.title?keys=a",
    "/v1/revisions?limit=1&limit=1",
    "/v1/diff?from=1&x",
    "/v1/schemas?x=1",
    "/v1/instances?x=1",
  ])("unknown or repeated query parameters 400: %s", async (path) => {
    expectProblem(await daemon.get(path), 400, "invalid_request");
  });

  test("Host 127.0.0.1 | localhost | [::1] with the port, else 421", async () => {
    const { port } = await daemon.url();
    for (const name of ["127.0.0.1", "localhost", "[::1]"]) {
      expect((await daemon.get("/v1/environments", { host: `${name}:${port}` })).status).toBe(200);
    }
    for (const host of ["example.test", `example.test:${port}`, "127.0.0.1", `127.0.0.1:${Number(port) + 1}`, `127.0.0.1.test:${port}`]) {
      expectProblem(await daemon.get("/v1/environments", { host }), 421, "host_refused");
    }
    expectProblem(await daemon.get("/livez", { host: "example.test" }), 421, "host_refused");
  });

  test("Origin absent, own, else 403", async () => {
    const { origin } = await daemon.url();
    expect((await daemon.get("/v1/environments", { origin })).status).toBe(200);
    for (const strange of ["http://example.test", "null", `${origin}0`]) {
      expectProblem(await daemon.get("/v1/environments", { origin: strange }), 403, "origin_refused");
    }
  });

  test("or one listed in --allowed-hosts, or listed in --allowed-origins", async () => {
    const folder = mkdtempSync(join(tmpdir(), "setpoint-contract-"));
    const env = { SETPOINT_ALLOWED_HOSTS: "setpoint.example.test", SETPOINT_ALLOWED_ORIGINS: "https://console.example.test" };
    const other = new Daemon({ folder, env });
    try {
      await other.start();
      expect((await other.get("/v1/environments", { host: "setpoint.example.test" })).status).toBe(200);
      expect((await other.get("/v1/environments", { origin: "https://console.example.test" })).status).toBe(200);
      expectProblem(await other.get("/v1/environments", { host: "else.example.test" }), 421, "host_refused");
      expectProblem(await other.get("/v1/environments", { origin: "https://else.example.test" }), 403, "origin_refused");
    } finally {
      await other.dispose();
    }
  });
});

describe("REQUEST, order of refusals, the first that applies", () => {
  const big = Symbol("more than 1 MiB");
  const bad = { host: "example.test" };
  const strange = { origin: "http://example.test" };
  const nobody = { authorization: undefined };
  const text = { "content-type": "text/plain" };
  const steps: [then: string, method: string, path: string, sending: Sending, status: number, code: string][] = [
    ["421 before 403", "GET", "/v1/environments", { headers: { ...bad, ...strange } }, 421, "host_refused"],
    ["421 before 401", "GET", "/v1/environments", { headers: { ...bad, ...nobody } }, 421, "host_refused"],
    ["403 origin_refused before 401", "GET", "/v1/environments", { headers: { ...strange, ...nobody } }, 403, "origin_refused"],
    ["401 before 404 route_not_found", "GET", "/v1/nothing", { headers: nobody }, 401, "unauthenticated"],
    ["401 before 405", "POST", "/v1/environments", { headers: nobody, body: {} }, 401, "unauthenticated"],
    ["404 route_not_found before 400 of query", "GET", "/v1/nothing?x=1", {}, 404, "route_not_found"],
    ["404 route_not_found before 415 and 413", "POST", "/v1/nothing", { headers: text, body: big }, 404, "route_not_found"],
    ["405 before 400 of query", "POST", "/v1/environments?x=1", { body: {} }, 405, "method_not_allowed"],
    ["405 before 415 and 413", "POST", "/v1/environments", { headers: text, body: big }, 405, "method_not_allowed"],
    ["400 of query before 415", "PUT", `${values("shop.any")}?x=1`, { headers: text, body: "x" }, 400, "invalid_request"],
    ["400 of headers before 415", "PUT", values("shop.any"), { headers: { ...text, "if-match": "*" }, body: "x" }, 400, "invalid_request"],
    ["400 of query before 404 environment", "GET", "/v1/environments/nowhere/config?x=1", {}, 400, "invalid_request"],
    ["415 before 413", "PUT", values("shop.any"), { headers: text, body: big }, 415, "unsupported_media_type"],
    ["415 before 400 of the body", "PUT", values("shop.any"), { headers: text, body: "x" }, 415, "unsupported_media_type"],
    ["413 before 400 of the body", "PUT", values("shop.any"), { body: big }, 413, "too_large"],
    ["413 before 404 environment", "PUT", values("shop.any", "nowhere"), { body: big }, 413, "too_large"],
    ["400 of the body before 404 environment", "PUT", values("shop.any", "nowhere"), { body: { x: 1 } }, 400, "invalid_request"],
    ["404 environment before 400 key", "PUT", values("1x", "nowhere"), { body: { value: 1 } }, 404, "environment_not_found"],
    ["404 environment before 400 key (read)", "GET", values("1x", "nowhere"), {}, 404, "environment_not_found"],
    ["400 key before 403 approval_required", "PUT", values("1x", "guarded"), { body: { value: 1 } }, 400, "invalid_key"],
    ["400 not_a_leaf before 403 approval_required", "PUT", values("shop.delivery", "guarded"), { body: { value: 1 } }, 400, "not_a_leaf"],
    [
      "403 approval_required before 412",
      "PUT",
      values("shop.any", "guarded"),
      { body: { value: 1 }, headers: { "if-match": '"999999"' } },
      403,
      "approval_required",
    ],
    ["403 approval_required before 422", "PUT", values("shop.maxItems", "guarded"), { body: { value: "x" } }, 403, "approval_required"],
    [
      "412 before 422",
      "PUT",
      values("shop.maxItems"),
      { body: { value: "x" }, headers: { "if-match": '"999999"' } },
      412,
      "version_mismatch",
    ],
  ];

  test.each(steps)("%s", async (_, method, path, sending, status, code) => {
    const { body, headers } = sending;
    const answer = body === big ? announce(daemon, method, path, headers) : daemon.client.request(method, path, sending);
    expectProblem(await answer, status, code);
  });
});

describe("ANSWER", () => {
  test("Setpoint-Revision: <durable head> on every /v1 answer to an authenticated request; refusals too", async () => {
    const { revision } = await daemon.head();
    const answers = await Promise.all([
      daemon.get("/v1/environments"),
      daemon.get("/v1/nothing"),
      daemon.get("/v1/environments?x=1"),
      daemon.get("/v1/stream"),
      daemon.get("/v1/revisions/999999"),
      daemon.client.request("DELETE", "/v1/environments"),
      daemon.client.put("nowhere", "shop.any", 1),
      daemon.client.put("base", "1x", 1),
      daemon.client.put("guarded", "shop.any", 1),
      daemon.client.put("base", "shop.any", 1, { ifMatch: '"999999"' }),
      daemon.client.put("base", "shop.maxItems", "x"),
      daemon.client.put("base", "shop.any", "x".repeat(300 * 1024)),
      daemon.client.request("PUT", values("shop.any"), { body: "x", headers: { "content-type": "text/plain" } }),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual([200, 404, 400, 400, 404, 405, 404, 400, 403, 412, 422, 413, 415]);
    expect(answers.map((answer) => answer.headers["setpoint-revision"])).toEqual(answers.map(() => String(revision)));
  });

  test("a 304 carries Setpoint-Revision, Setpoint-Request-Id and its ETag, and no body", async () => {
    const { headers } = await daemon.client.config("base");
    const same = await daemon.get("/v1/environments/base/config", { "if-none-match": headers.etag });
    expect([same.status, same.text, same.headers.etag]).toEqual([304, "", headers.etag]);
    expect(same.headers["setpoint-revision"]).toBe(String((await daemon.head()).revision));
    expect(same.headers["setpoint-request-id"]).toBeTruthy();
  });

  test("an unauthenticated answer does not tell the head", async () => {
    for (const answer of [
      await daemon.get("/v1/environments", { authorization: undefined }),
      await daemon.get("/v1/environments", { host: "example.test", authorization: undefined }),
      await daemon.get("/livez", { authorization: undefined }),
    ]) {
      expect(answer.headers["setpoint-revision"]).toBeUndefined();
    }
  });

  test("Setpoint-Request-Id on every answer; the same as the problem's requestId and the revision's", async () => {
    const answers = [
      await daemon.get("/v1/environments"),
      await daemon.get("/v1/environments", { authorization: undefined }),
      await daemon.get("/livez"),
      await daemon.get("/nothing"),
      await daemon.get("/v1/environments", { host: "example.test" }),
    ];
    const ids = answers.map((answer) => answer.headers["setpoint-request-id"]);
    expect(new Set(ids).size).toBe(answers.length);
    for (const { body, headers, status } of answers) if (status >= 400) expect(body.requestId).toBe(headers["setpoint-request-id"]);
    const put = await daemon.client.put("base", "shop.any", 5);
    const { requestId } = (await daemon.get(`/v1/revisions/${put.body.revision}`)).body;
    expect(requestId).toBe(put.headers["setpoint-request-id"]);
  });

  test('ETag of a value: "<version>"; with 304', async () => {
    accepted(await daemon.client.put("base", "shop.title", "etag"));
    const { headers, body } = await daemon.client.value("base", "shop.title");
    expect(headers.etag).toBe(`"${body.version}"`);
    const again = (tag: string) => daemon.get(values("shop.title"), { "if-none-match": tag });
    expect((await again(`"${body.version}"`)).status).toBe(304);
    expect((await again(`"1", "${body.version}"`)).status).toBe(304);
    expect((await again('"1"')).status).toBe(200);
    accepted(await daemon.client.put("base", "shop.any", 6));
    expect((await again(`"${body.version}"`)).status).toBe(304);
    accepted(await daemon.client.put("base", "shop.title", "etag"));
    expect((await again(`"${body.version}"`)).status).toBe(200);
  });

  test('ETag of a resolved configuration: "<state hash>"; a 304 means the same values, the cursor held may be older', async () => {
    const { headers, body } = await daemon.client.config("eu");
    expect(headers.etag).toBe(`"${body.hash}"`);
    accepted(await daemon.client.put("other", "shop.any", 7));
    const same = await daemon.get("/v1/environments/eu/config", { "if-none-match": headers.etag });
    expect(same.status).toBe(304);
    expect(Number(same.headers["setpoint-revision"])).toBeGreaterThan(body.revision);
    accepted(await daemon.client.put("eu", "shop.any", 8));
    expect((await daemon.get("/v1/environments/eu/config", { "if-none-match": headers.etag })).status).toBe(200);
    const some = await daemon.client.config("eu", "?keys=shop.*");
    expect(some.headers.etag).toBe(`"${some.body.hash}"`);
    expect((await daemon.get("/v1/environments/eu/config?keys=shop.*", { "if-none-match": some.headers.etag })).status).toBe(304);
  });

  test('ETag of a schema: "<version>"; with 304', async () => {
    const { headers } = await daemon.get("/v1/schemas/shop");
    const { version } = (await daemon.get("/v1/schemas")).body.schemas.find((one: any) => one.namespace === "shop");
    expect(headers.etag).toBe(`"${version}"`);
    expect((await daemon.get("/v1/schemas/shop", { "if-none-match": headers.etag })).status).toBe(304);
  });

  test("If-Match is optional and never ignored (412 version_mismatch with the current value): PUT and DELETE of a value", async () => {
    const { version } = accepted(await daemon.client.put("base", "shop.title", "one"));
    const stale = await daemon.client.put("base", "shop.title", "two", { ifMatch: `"${version - 1}"` });
    expectProblem(stale, 412, "version_mismatch");
    expect(stale.body.current).toEqual({ value: "one", version });
    const remove = (tag: string) => daemon.client.request("DELETE", values("shop.title"), { headers: { "if-match": tag } });
    const kept = await remove(`"${version - 1}"`);
    expectProblem(kept, 412, "version_mismatch");
    expect(kept.body.current).toEqual({ value: "one", version });
    const next = accepted(await daemon.client.put("base", "shop.title", "two", { ifMatch: `"${version}"` }));
    expectProblem(await daemon.client.put("base", "shop.title", "three", { ifMatch: `"${version}"` }), 412, "version_mismatch");
    accepted(await remove(`"${next.version}"`));
  });

  test("the version of an inherited value is what If-Match of a descendant takes", async () => {
    const { version } = accepted(await daemon.client.put("base", "shop.title", "inherited"));
    expectProblem(await daemon.client.put("eu", "shop.title", "own", { ifMatch: '"0"' }), 412, "version_mismatch");
    const own = accepted(await daemon.client.put("eu", "shop.title", "own", { ifMatch: `"${version}"` }));
    accepted(await daemon.client.request("DELETE", values("shop.title", "eu"), { headers: { "if-match": `"${own.version}"` } }));
  });

  test("PUT of a schema takes its ETag", async () => {
    const put = (tag: string) =>
      daemon.client.request("PUT", "/v1/schemas/tagged", { body: { type: "object" }, headers: { "if-match": tag } });
    const { revision } = accepted(await put('"0"'));
    const stale = await put('"0"');
    expectProblem(stale, 412, "version_mismatch");
    expect(stale.body.current).toEqual({ value: { type: "object" }, version: revision });
    accepted(await put((await daemon.get("/v1/schemas/tagged")).headers.etag ?? ""));
  });

  test('"0" asks that no layer gives a value', async () => {
    expectProblem(await daemon.client.put("other", "misc.text", "x", { ifMatch: '"0"' }), 412, "version_mismatch");
    accepted(await daemon.client.put("other", "misc.note", "x", { ifMatch: '"0"' }));
    expectProblem(await daemon.client.put("other", "misc.note", "x", { ifMatch: '"0"' }), 412, "version_mismatch");
  });

  test("PATCH takes the ETag of the environment's whole configuration", async () => {
    const patch = (tag: string | undefined, text: string) =>
      daemon.client.request("PATCH", "/v1/environments/base/values", { body: { misc: { note: text } }, headers: { "if-match": tag } });
    const { etag } = (await daemon.client.config("base")).headers;
    accepted(await patch(etag, "one"));
    expectProblem(await patch(etag, "two"), 412, "version_mismatch");
    accepted(await patch((await daemon.client.config("base")).headers.etag, "two"));
    const some = await daemon.client.config("base", "?keys=misc.*");
    expectProblem(await patch(some.headers.etag, "three"), 412, "version_mismatch");
  });

  test("elsewhere 400", async () => {
    const headers = { "if-match": '"1"' };
    expectProblem(await daemon.post("/v1/batches", { changes: [change("shop.any", 1)] }, headers), 400, "invalid_request");
    expectProblem(await daemon.post("/v1/rollbacks", { to: 1 }, headers), 400, "invalid_request");
    for (const path of [values("shop.any"), "/v1/environments", "/v1/environments/base/config", "/v1/schemas/shop", "/v1/revisions"]) {
      expectProblem(await daemon.get(path, headers), 400, "invalid_request");
    }
  });

  test("If-None-Match: * creates only (412 when that environment itself stores the key)", async () => {
    accepted(await daemon.client.put("base", "misc.text", "parent"));
    const create = () =>
      daemon.client.request("PUT", values("misc.text", "prod"), { body: { value: "child" }, headers: { "if-none-match": "*" } });
    const { version } = accepted(await create());
    const again = await create();
    expectProblem(again, 412, "version_mismatch");
    expect(again.body.current).toEqual({ value: "child", version });
    accepted(await daemon.client.request("DELETE", values("misc.text", "prod")));
    accepted(await create());
  });

  test.each(["*", 'W/"1"', "1", '"1', '"1", "2"', ""])("Wildcard If-Match, weak or malformed: 400: %s", async (tag) => {
    expectProblem(await daemon.client.put("base", "shop.any", 1, { ifMatch: tag }), 400, "invalid_request");
  });
});

describe("ANSWER, Idempotency-Key", () => {
  const send = (key: string, value: unknown, more: Record<string, string> = {}) =>
    daemon.client.request("PUT", values("shop.any"), { body: { value }, headers: { "idempotency-key": key, ...more } });

  test("the same again is answered from the log with the original status and body; Setpoint-Revision is today's head", async () => {
    const first = await send("again", "first");
    expect(first.headers["idempotency-replayed"]).toBeUndefined();
    const later = accepted(await daemon.client.put("base", "shop.any", "later"));
    const again = await send("again", "first");
    expect([again.status, again.body]).toEqual([first.status, first.body]);
    expect(again.headers["idempotency-replayed"]).toBe("true");
    expect(again.headers["setpoint-revision"]).toBe(String(later.revision));
    expect((await daemon.client.value("base", "shop.any")).body.value).toBe("later");
  });

  test("anything different 422", async () => {
    const { version } = (await send("different", "first")).body;
    expectProblem(await send("different", "second"), 422, "idempotency_mismatch");
    expectProblem(await send("different", "first", { "if-match": `"${version}"` }), 422, "idempotency_mismatch");
    expectProblem(await send("different", "first", { "if-none-match": "*" }), 422, "idempotency_mismatch");
    const headers = { "idempotency-key": "different" };
    const elsewhere = await daemon.client.request("PUT", values("shop.any", "prod"), { body: { value: "first" }, headers });
    expectProblem(elsewhere, 422, "idempotency_mismatch");
    expectProblem(await daemon.client.request("DELETE", values("shop.any"), { headers }), 422, "idempotency_mismatch");
  });

  test("every writing route takes it", async () => {
    const routes: [method: string, path: string, body?: unknown][] = [
      ["DELETE", values("shop.any")],
      ["PATCH", "/v1/environments/base/values", { shop: { any: 1 } }],
      ["POST", "/v1/batches", { changes: [change("shop.any", 2)] }],
      ["POST", "/v1/rollbacks", { to: 1, environment: "eu" }],
      ["PUT", "/v1/schemas/tagged", { type: "object" }],
    ];
    for (const [method, path, body] of routes) {
      const headers = { "idempotency-key": `${method}-${path}` };
      const first = await daemon.client.request(method, path, { body, headers });
      const again = await daemon.client.request(method, path, { body, headers });
      expect([first.status, again.status, again.body, again.headers["idempotency-replayed"]]).toEqual([200, 200, first.body, "true"]);
    }
  });

  test("refusals are not stored", async () => {
    expectProblem(
      await daemon.client.request("PUT", values("shop.maxItems"), { body: { value: 0 }, headers: { "idempotency-key": "no" } }),
      422,
      "validation_failed",
    );
    const accept = await daemon.client.request("PUT", values("shop.maxItems"), {
      body: { value: 9 },
      headers: { "idempotency-key": "no" },
    });
    expect([accept.status, accept.headers["idempotency-replayed"]]).toEqual([200, undefined]);
  });

  test("without effect on ?preview", async () => {
    const headers = { "idempotency-key": "preview" };
    const preview = await daemon.post("/v1/batches?preview", { changes: [change("shop.any", 1)] }, headers);
    expect(preview.status).toBe(200);
    const other = await daemon.post("/v1/batches?preview", { changes: [change("shop.any", 2)] }, headers);
    expect([other.status, other.headers["idempotency-replayed"]]).toEqual([200, undefined]);
    expect((await daemon.post("/v1/batches", { changes: [change("shop.any", 3)] }, headers)).status).toBe(200);
  });

  test.each(["", "a b", "é", "x".repeat(129)])("1–128 visible ASCII: 400 for '%s'", async (key) => {
    const answer = await lines(daemon, "DELETE", values("shop.any"), [`idempotency-key: ${key}`]);
    expectProblem(answer, 400, "invalid_request");
  });

  test("128 characters are taken", async () => {
    expect((await send("~".repeat(128), 1)).status).toBe(200);
  });

  test("409 while the first runs: of many at once one commits, the others say 409 or replay it", async () => {
    const before = (await daemon.head()).revision;
    const answers = await Promise.all(Array.from({ length: 8 }, () => send("at-once", "once")));
    expect((await daemon.head()).revision).toBe(before + 1);
    const fresh = answers.filter((answer) => answer.status === 200 && answer.headers["idempotency-replayed"] === undefined);
    expect(fresh).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status === 200) expect(answer.body).toEqual(fresh[0]?.body);
      else expectProblem(answer, 409, "conflicting_change");
    }
  });

  test.each(["SIGTERM", "SIGKILL"] as const)("also after a crash: %s", async (signal) => {
    const first = await send(`over-${signal}`, signal);
    await daemon.restart(signal);
    const again = await send(`over-${signal}`, signal);
    expect([again.status, again.body, again.headers["idempotency-replayed"]]).toEqual([200, first.body, "true"]);
    expectProblem(await send(`over-${signal}`, "else"), 422, "idempotency_mismatch");
  });
});

describe("ERROR", () => {
  test("application/problem+json {type, title, status, code, detail, retryable, requestId}", async () => {
    const answer = await daemon.get("/v1/nothing");
    expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json(;|$)/);
    expect(answer.body).toEqual({
      type: "urn:setpoint:problem:route_not_found",
      title: expect.any(String),
      status: 404,
      code: "route_not_found",
      detail: expect.any(String),
      retryable: false,
      requestId: answer.headers["setpoint-request-id"],
    });
  });

  test("issue {severity, code, environment, key, rule?, message, expected, received, suggestions}", async () => {
    const { body, status } = await daemon.client.put("prod", "shop.maxItems", 1000);
    expect([status, body.code]).toEqual([422, "validation_failed"]);
    expect(body.issues).toEqual([
      {
        severity: "error",
        code: "constraint_violation",
        environment: "prod",
        key: "shop.maxItems",
        message: expect.any(String),
        expected: expect.anything(),
        received: 1000,
        suggestions: expect.any(Array),
      },
    ]);
  });

  test("issue codes: invalid_parameter_type; the problem's code stays validation_failed", async () => {
    const { body } = await daemon.client.put("base", "shop.maxItems", "many");
    expect([body.code, body.issues[0].code, body.issues[0].received]).toEqual(["validation_failed", "invalid_parameter_type", "many"]);
  });

  test("issue codes: circular_dependency", async () => {
    const answer = await daemon.client.batch([{ kind: "environment", key: "base", value: { parent: "eu" } }]);
    expectProblem(answer, 422, "validation_failed");
    expect(answer.body.issues[0].code).toBe("circular_dependency");
  });

  test("version_mismatch (in 412 and previews only; expected and received are versions)", async () => {
    const { version } = (await daemon.client.value("base", "shop.visible")).body;
    const changes = [{ ...change("shop.visible", false), ifVersion: version + 1 }];
    const issue = { code: "version_mismatch", key: "shop.visible", environment: "base", expected: version + 1, received: version };
    const refused = await daemon.client.batch(changes);
    expectProblem(refused, 412, "version_mismatch");
    expect(refused.body.issues).toEqual([expect.objectContaining(issue)]);
    const { body } = await daemon.client.preview(changes);
    expect(body.valid).toBe(false);
    expect(body.issues).toEqual([expect.objectContaining(issue)]);
  });

  test("A key that no schema declares: writes 422 with issue code unknown_key; reads 404 configuration_not_found", async () => {
    for (const key of ["shop.nope", "nowhere.nope"]) {
      const answer = await daemon.client.put("base", key, 1);
      expectProblem(answer, 422, "validation_failed");
      expect(answer.body.issues).toEqual([expect.objectContaining({ code: "unknown_key", key, environment: "base" })]);
      expectProblem(await daemon.client.value("base", key), 404, "configuration_not_found");
    }
  });

  test("400 not_a_leaf", async () => {
    for (const key of ["shop", "shop.delivery", "shop.limits"]) expectProblem(await daemon.client.put("base", key, {}), 400, "not_a_leaf");
  });

  test("404 environment_not_found, revision_not_found", async () => {
    expectProblem(await daemon.client.config("nowhere"), 404, "environment_not_found");
    expectProblem(await daemon.client.put("nowhere", "shop.any", 1), 404, "environment_not_found");
    expectProblem(await daemon.client.batch([change("shop.any", 1, "nowhere")]), 404, "environment_not_found");
    for (const path of ["/v1/revisions/999999", "/v1/environments/base/config?revision=999999", "/v1/diff?from=999999"]) {
      expectProblem(await daemon.get(path), 404, "revision_not_found");
    }
    expectProblem(await daemon.post("/v1/rollbacks", { to: 999_999 }), 404, "revision_not_found");
  });

  test("422 secrets_unavailable", async () => {
    expectProblem(await daemon.client.put("base", "shop.secretKey", "x"), 422, "secrets_unavailable");
  });
});

describe("GET /v1/environments", () => {
  test("{environments: [{name, parent, description, isProduction, approvalRequired, autoSync, version}], revision}", async () => {
    const { body } = await daemon.get("/v1/environments");
    const { revision } = await daemon.head();
    expect(Object.keys(body)).toEqual(["environments", "revision"]);
    expect(body.revision).toBe(revision);
    const common = { description: "", isProduction: false, approvalRequired: false, version: 1 };
    const byName = Object.fromEntries(body.environments.map((one: any) => [one.name, one]));
    expect(byName["base"]).toEqual({ ...common, name: "base", parent: null, description: "Shared by all", autoSync: false });
    expect(byName["prod"]).toEqual({ ...common, name: "prod", parent: "base", isProduction: true, autoSync: expect.any(Boolean) });
    expect(byName["guarded"]).toEqual({
      ...common,
      name: "guarded",
      parent: "base",
      approvalRequired: true,
      autoSync: expect.any(Boolean),
    });
    expect(Object.keys(byName).sort()).toEqual(["base", "eu", "guarded", "other", "prod"]);
  });
});

describe("GET /v1/environments/{e}/config", () => {
  test('{environment, revision, cursor, hash, values: {"ns.key": value}}: flat, keys sorted', async () => {
    accepted(
      await daemon.client.batch([
        change("shop.limits.zed", 1),
        change("shop.limits.Alpha", 2),
        change("shop.delivery.rules", { b: null, a: [1] }),
      ]),
    );
    const { body } = await daemon.client.config("base");
    expect(Object.keys(body)).toEqual(["environment", "revision", "cursor", "hash", "values"]);
    const keys = Object.keys(body.values);
    expect(keys).toEqual([...keys].sort());
    expect(keys).toEqual(expect.arrayContaining(["shop.delivery.days", "shop.delivery.rules", "shop.limits.Alpha", "shop.limits.zed"]));
    expect(body.values["shop.delivery.rules"]).toEqual({ a: [1], b: null });
    accepted(await daemon.client.batch([without("shop.limits.zed"), without("shop.limits.Alpha"), without("shop.delivery.rules")]));
  });

  test("keys: * one segment, ** any number", async () => {
    accepted(await daemon.client.batch([change("shop.limits.one", 1), change("shop.limits.two", 2)]));
    const keys = async (patterns: string) => Object.keys((await daemon.client.config("base", `?keys=${patterns}`)).body.values);
    const all = Object.keys((await daemon.client.config("base")).body.values);
    expect(await keys("**")).toEqual(all);
    expect(await keys("shop.**")).toEqual(all.filter((key) => key.startsWith("shop.")));
    expect(await keys("shop.*")).toEqual(all.filter((key) => /^shop\.[^.]+$/.test(key)));
    expect(await keys("*.limits.*")).toEqual(["shop.limits.one", "shop.limits.two"]);
    expect(await keys("**.one,misc.text")).toEqual(["misc.text", "shop.limits.one"]);
    expect(await keys("shop.visible")).toEqual(["shop.visible"]);
    expect(await keys("shop.nothing.*")).toEqual([]);
    expectProblem(await daemon.client.config("base", "?keys=sh*"), 400, "invalid_request");
  });

  test("revision=: the configuration as it was", async () => {
    const first = accepted(await daemon.client.put("base", "shop.title", "then"));
    const then = (await daemon.client.config("prod")).body;
    accepted(await daemon.client.batch([change("shop.title", "now"), { kind: "flag", environment: "base", key: "later", value: FLAG }]));
    const { body } = await daemon.client.config("prod", `?revision=${first.revision}`);
    expect(body).toEqual(then);
    expect((await daemon.client.config("prod")).body.hash).not.toBe(then.hash);
    accepted(await daemon.client.batch([{ kind: "flag", environment: "base", key: "later", delete: true }]));
  });

  test("A sensitive key is in no answer's values and no hash", async () => {
    const { body } = await daemon.client.config("base");
    expect(Object.keys(body.values).filter((key) => key.includes("secret"))).toEqual([]);
    const { etag } = (await daemon.client.config("base", "?keys=shop.secretDefault")).headers;
    expect(etag).toBe('"0000000000000000"');
  });
});

describe("GET, PUT, DELETE, PATCH …/values", () => {
  test("GET {key, value, version, revision, layer}; revision = the durable head at the read", async () => {
    const { version } = accepted(await daemon.client.put("base", "shop.any", { a: null }));
    const { revision } = accepted(await daemon.client.put("other", "shop.any", 1));
    const { body } = await daemon.client.value("prod", "shop.any");
    expect(Object.keys(body)).toEqual(["key", "value", "version", "revision", "layer"]);
    expect(body).toEqual({ key: "shop.any", value: { a: null }, version, revision, layer: "stored" });
  });

  test("404 when no layer gives a value; null is a value", async () => {
    expectProblem(await daemon.client.value("base", "shop.limits.absent"), 404, "configuration_not_found");
    expect((await daemon.client.value("base", "shop.maybe")).body).toMatchObject({ value: null, layer: "default" });
  });

  test("a sensitive key {key, version, revision, layer, masked: true}", async () => {
    const { body, text } = await daemon.client.value("base", "shop.secretDefault");
    const { version } = (await daemon.get("/v1/schemas")).body.schemas.find((one: any) => one.namespace === "shop");
    expect(body).toEqual({ key: "shop.secretDefault", version, revision: expect.any(Number), layer: "default", masked: true });
    expect(text).not.toContain("hush");
  });

  test("PUT → {revision, cursor, key, value, version, issues}; /v1/revisions/{n} adds a PUT's metadata", async () => {
    const metadata = { ticket: "T-1", nested: { deep: [1, null] } };
    const { body } = await daemon.client.put("base", "shop.title", "put", { comment: "why", metadata });
    expect(Object.keys(body)).toEqual(["revision", "cursor", "key", "value", "version", "issues"]);
    expect(body).toEqual({
      revision: expect.any(Number),
      cursor: expect.stringMatching(CURSOR),
      key: "shop.title",
      value: "put",
      version: body.revision,
      issues: [],
    });
    const revision = (await daemon.get(`/v1/revisions/${body.revision}`)).body;
    expect(revision).toMatchObject({ comment: "why", metadata, revision: body.revision, cursor: body.cursor });
    const without = accepted(await daemon.client.put("base", "shop.title", "put"));
    expect((await daemon.get(`/v1/revisions/${without.revision}`)).body.metadata).toBeUndefined();
  });

  test("DELETE → {revision, cursor, key, value?, version, issues}; value = what now shows through", async () => {
    accepted(await daemon.client.put("base", "shop.title", "below"));
    accepted(await daemon.client.put("prod", "shop.title", "above"));
    const { body } = await daemon.client.request("DELETE", values("shop.title", "prod"));
    expect(Object.keys(body)).toEqual(["revision", "cursor", "key", "value", "version", "issues"]);
    expect(body).toMatchObject({ key: "shop.title", value: "below", version: body.revision, issues: [] });
    const nothing = accepted(await daemon.client.request("DELETE", values("shop.title")));
    expect(Object.keys(nothing)).toEqual(["revision", "cursor", "key", "version", "issues"]);
  });

  test("PATCH nested merge patch, null deletes; answers as batches", async () => {
    const patch = (body: unknown) => daemon.client.request("PATCH", "/v1/environments/base/values", { body });
    accepted(await patch({ shop: { title: "one", delivery: { days: 3 } }, misc: { note: "two" } }));
    const { body } = await patch({ shop: { title: null, delivery: { days: 4 } } });
    expect(Object.keys(body)).toEqual(["revision", "cursor", "changes", "issues"]);
    expect(body.changes).toEqual(
      expect.arrayContaining([
        { kind: "value", environment: "base", key: "shop.title", before: "one", version: 0 },
        { kind: "value", environment: "base", key: "shop.delivery.days", before: 3, after: 4, version: body.revision },
      ]),
    );
    expect(body.changes).toHaveLength(2);
    expect((await daemon.client.value("base", "misc.note")).body.value).toBe("two");
    expectProblem(await daemon.client.value("base", "shop.title"), 404, "configuration_not_found");
  });

  test("a leaf is replaced whole, nulls inside it are data", async () => {
    const patch = (rules: unknown) =>
      daemon.client.request("PATCH", "/v1/environments/base/values", { body: { shop: { delivery: { rules } } } });
    accepted(await patch({ kept: 1, gone: 2 }));
    accepted(await patch({ gone: null, list: [null] }));
    expect((await daemon.client.value("base", "shop.delivery.rules")).body.value).toEqual({ gone: null, list: [null] });
    accepted(await patch(null));
    expectProblem(await daemon.client.value("base", "shop.delivery.rules"), 404, "configuration_not_found");
  });

  test("empty 400", async () => {
    expectProblem(await daemon.client.request("PATCH", "/v1/environments/base/values", { body: {} }), 400, "invalid_request");
  });

  test("a refused patch changes nothing: all or none", async () => {
    const { revision } = await daemon.head();
    const body = { shop: { title: "no", maxItems: 1000 } };
    expectProblem(await daemon.client.request("PATCH", "/v1/environments/base/values", { body }), 422, "validation_failed");
    expect((await daemon.head()).revision).toBe(revision);
  });
});

describe("POST /v1/batches", () => {
  test("→ {revision, cursor, changes, issues}; before and after are the record's own, absent = not stored", async () => {
    accepted(await daemon.client.put("base", "shop.title", "parent's"));
    accepted(await daemon.client.batch([{ kind: "flag", environment: "prod", key: "gone", value: FLAG }]));
    const { body } = await daemon.client.batch(
      [
        change("shop.title", "own", "prod"),
        { kind: "flag", environment: "prod", key: "a flag/1", value: FLAG },
        { kind: "flag", environment: "prod", key: "gone", delete: true },
        { kind: "segment", environment: "prod", key: "testers", value: SEGMENT },
      ],
      { comment: "many" },
    );
    expect(Object.keys(body)).toEqual(["revision", "cursor", "changes", "issues"]);
    const version = body.revision;
    expect(body.changes).toEqual([
      { kind: "value", environment: "prod", key: "shop.title", after: "own", version },
      { kind: "flag", environment: "prod", key: "a flag/1", after: FLAG, version },
      { kind: "flag", environment: "prod", key: "gone", before: FLAG, version: 0 },
      { kind: "segment", environment: "prod", key: "testers", after: SEGMENT, version },
    ]);
    expect((await daemon.get(`/v1/revisions/${version}`)).body).toMatchObject({ comment: "many", changeCount: 4 });
    accepted(
      await daemon.client.batch([
        without("shop.title", "prod"),
        { kind: "flag", environment: "prod", key: "a flag/1", delete: true },
        { kind: "segment", environment: "prod", key: "testers", delete: true },
      ]),
    );
  });

  test("kinds schema (key = namespace) and environment (key = name), both without environment", async () => {
    const schema = { type: "object", properties: { a: { type: "integer", default: 1 } } };
    const full = { parent: "base", description: "d", isProduction: true, approvalRequired: false, autoSync: false };
    const { body } = await daemon.client.batch([
      { kind: "schema", key: "fresh", value: schema },
      { kind: "environment", key: "fresh", value: full },
      change("fresh.a", 2, "fresh"),
    ]);
    expect(body.changes[0]).toEqual({ kind: "schema", key: "fresh", after: schema, version: body.revision });
    expect(body.changes[1]).toMatchObject({ kind: "environment", key: "fresh", version: body.revision });
    expect((await daemon.client.value("fresh", "fresh.a")).body.value).toBe(2);
    const { environments } = (await daemon.get("/v1/environments")).body;
    expect(environments.find((one: any) => one.name === "fresh")).toEqual({ name: "fresh", ...full, version: body.revision });
    for (const [kind, value] of Object.entries({ schema, environment: full })) {
      expectProblem(await daemon.client.batch([{ kind, environment: "base", key: "fresh", value }]), 400, "invalid_request");
    }
    accepted(
      await daemon.client.batch([
        without("fresh.a", "fresh"),
        { kind: "environment", key: "fresh", delete: true },
        { kind: "schema", key: "fresh", delete: true },
      ]),
    );
    expectProblem(await daemon.client.config("fresh"), 404, "environment_not_found");
    expectProblem(await daemon.get("/v1/schemas/fresh"), 404, "configuration_not_found");
  });

  test.each([
    ["no change", []],
    ["1,001 changes", Array.from({ length: 1001 }, (_, index) => change(`shop.limits.n${index}`, 1))],
    ["the same record twice", [change("shop.any", 1), change("shop.any", 2)]],
    ["the same record set and deleted", [change("shop.any", 1), without("shop.any")]],
    ["the same flag twice", [0, 1].map(() => ({ kind: "flag", environment: "base", key: "f", value: FLAG }))],
    ["a value without environment", [{ key: "shop.any", value: 1 }]],
    ["a flag without environment", [{ kind: "flag", key: "f", value: FLAG }]],
    ["a segment without environment", [{ kind: "segment", key: "s", value: SEGMENT }]],
    ["a kind with routes of its own", [{ kind: "token", key: "x", value: 1 }]],
    ["value and delete", [{ ...change("shop.any", 1), delete: true }]],
    ["neither value nor delete", [{ environment: "base", key: "shop.any" }]],
    ["delete: false", [{ environment: "base", key: "shop.any", delete: false }]],
    ["an unknown member", [{ ...change("shop.any", 1), note: "x" }]],
    ["an ifVersion that is none", [{ ...change("shop.any", 1), ifVersion: "1" }]],
    ["an unknown member of an environment", [{ kind: "environment", key: "x", value: { owner: "me" } }]],
  ])("400: %s", async (_, changes) => {
    expectProblem(await daemon.client.batch(changes), 400, "invalid_request");
  });

  test("1–1,000: a thousand changes are one revision", async () => {
    const { revision } = await daemon.head();
    const many = Array.from({ length: 1000 }, (_, index) => `shop.limits.n${index}`);
    expect(accepted(await daemon.client.batch(many.map((key) => change(key, 1)))).revision).toBe(revision + 1);
    expect(accepted(await daemon.client.batch(many.map((key) => without(key)))).changes).toHaveLength(1000);
  });

  test("ifVersion: of a value the version read, of a flag the record's, 0 = not there; 412 as an issue with its key", async () => {
    const { version } = (await daemon.client.value("eu", "shop.banner")).body;
    const { revision } = accepted(
      await daemon.client.batch([
        { ...change("shop.banner", "x", "eu"), ifVersion: version },
        { kind: "flag", environment: "eu", key: "iffy", value: FLAG, ifVersion: 0 },
      ]),
    );
    const answer = await daemon.client.batch([
      { ...change("shop.banner", "y", "eu"), ifVersion: revision },
      { kind: "flag", environment: "eu", key: "iffy", delete: true, ifVersion: 0 },
    ]);
    expectProblem(answer, 412, "version_mismatch");
    expect(answer.body.issues).toEqual([
      expect.objectContaining({ code: "version_mismatch", environment: "eu", key: "iffy", expected: 0, received: revision }),
    ]);
    accepted(await daemon.client.batch([without("shop.banner", "eu"), { kind: "flag", environment: "eu", key: "iffy", delete: true }]));
  });

  test("an accepted batch always gets a revision of its own; deleting what is not stored, writing an equal value", async () => {
    const { revision } = accepted(await daemon.client.put("base", "shop.title", "same"));
    const equal = accepted(await daemon.client.put("base", "shop.title", "same"));
    expect([equal.revision, equal.version]).toEqual([revision + 1, revision + 1]);
    const nothing = accepted(await daemon.client.batch([without("shop.limits.absent")]));
    expect(nothing.revision).toBe(revision + 2);
    expect(nothing.changes).toEqual([{ kind: "value", environment: "base", key: "shop.limits.absent", version: 0 }]);
  });

  test("?preview → 200 {valid, basedOn: cursor, changes, effective, issues, gates}; nothing is written", async () => {
    accepted(await daemon.client.put("base", "misc.text", "before"));
    accepted(await daemon.client.batch([without("misc.text", "prod"), without("misc.text", "eu")]));
    const { revision, cursor } = await daemon.head();
    const { body } = await daemon.client.preview([change("misc.text", "after")]);
    expect(Object.keys(body)).toEqual(["valid", "basedOn", "changes", "effective", "issues", "gates"]);
    expect(body).toMatchObject({ valid: true, basedOn: cursor, issues: [], gates: [] });
    expect(body.changes).toEqual([expect.objectContaining({ kind: "value", environment: "base", before: "before", after: "after" })]);
    const effect = { key: "misc.text", before: "before", after: "after" };
    const environments = body.effective.map((one: any) => one.environment).sort();
    expect(environments).toEqual(["base", "eu", "guarded", "prod"]);
    expect(body.effective).toEqual(expect.arrayContaining([{ environment: "eu", ...effect }]));
    expect((await daemon.head()).revision).toBe(revision);
  });

  test("valid: false for what would be 403 approval_required, 412 or 422; all other refusals stay", async () => {
    const approval = (await daemon.client.preview([change("shop.any", 1, "guarded")])).body;
    expect(approval.valid).toBe(false);
    expect(approval.gates).toEqual([{ gate: expect.any(String), open: false, reason: expect.any(String), clearedBy: expect.any(String) }]);
    expect((await daemon.client.preview([{ ...change("shop.any", 1), ifVersion: 999_999 }])).body.valid).toBe(false);
    const invalid = (await daemon.client.preview([change("shop.maxItems", 0)])).body;
    expect([invalid.valid, invalid.issues[0].code]).toEqual([false, "constraint_violation"]);
    expect((await daemon.client.preview([change("shop.nope", 0)])).body).toMatchObject({ valid: false, issues: [{ code: "unknown_key" }] });
    expectProblem(await daemon.client.preview([change("shop.any", 1, "nowhere")]), 404, "environment_not_found");
    expectProblem(await daemon.client.preview([change("1x", 1)]), 400, "invalid_key");
    expectProblem(await daemon.client.preview([change("shop", 1)]), 400, "not_a_leaf");
    expectProblem(await daemon.client.preview([]), 400, "invalid_request");
    expectProblem(await daemon.client.preview([change("shop.any", "x".repeat(300_000))]), 413, "too_large");
  });

  test("valid: false for what would be 422 secrets_unavailable, too", async () => {
    const answer = await daemon.client.preview([change("shop.secretKey", "x")]);
    expect([answer.status, answer.body.valid]).toEqual([200, false]);
  });
});

describe("GET …/explain/{key}", () => {
  test("{environment, key, value, version, candidates: [{layer, value, set?, wins, …}] highest first, clamps}", async () => {
    accepted(await daemon.client.put("base", "shop.banner", "low"));
    const top = accepted(await daemon.client.put("eu", "shop.banner", "high"));
    const { body } = await daemon.get("/v1/environments/eu/explain/shop.banner");
    const { revisions } = (await daemon.get(`/v1/revisions?after=${top.revision - 1}&limit=1`)).body;
    expect(body).toMatchObject({ environment: "eu", key: "shop.banner", value: "high", version: top.version, clamps: [] });
    expect(Object.keys(body)).toEqual(["environment", "key", "value", "version", "candidates", "clamps"]);
    expect(body.candidates.map((one: any) => [one.layer, one.environment, one.value, one.wins])).toEqual([
      ["stored", "eu", "high", true],
      ["stored", "base", "low", false],
      ["default", undefined, "hi", false],
    ]);
    expect(body.candidates[0].set).toEqual({ by: revisions[0].by, at: revisions[0].at, revision: top.revision });
    expect(body.candidates.filter((one: any) => one.wins)).toHaveLength(1);
    const earlier = (await daemon.get(`/v1/environments/eu/explain/shop.banner?revision=${top.revision - 1}`)).body;
    expect([earlier.value, earlier.candidates[0].environment]).toEqual(["low", "base"]);
    accepted(await daemon.client.batch([without("shop.banner"), without("shop.banner", "eu")]));
  });

  test("a sensitive key is in no explanation's values", async () => {
    const { text, status } = await daemon.get("/v1/environments/base/explain/shop.secretDefault");
    expect(status).toBe(200);
    expect(text).not.toContain("hush");
  });
});

describe("GET, PUT /v1/schemas/{namespace}", () => {
  test("GET the JSON Schema as stored; PUT one → {revision, cursor, namespace, fingerprint, issues}; GET /v1/schemas", async () => {
    const schema = { type: "object", $comment: "kept", properties: { b: { type: ["integer", "null"] }, a: { type: "string" } } };
    const { body } = await daemon.client.request("PUT", "/v1/schemas/paper", { body: schema });
    expect(Object.keys(body)).toEqual(["revision", "cursor", "namespace", "fingerprint", "issues"]);
    expect(body).toMatchObject({ namespace: "paper", cursor: expect.stringMatching(CURSOR), issues: [] });
    expect((await daemon.get("/v1/schemas/paper")).body).toEqual(schema);
    const list = (await daemon.get("/v1/schemas")).body;
    expect(Object.keys(list)).toEqual(["schemas"]);
    expect(list.schemas).toContainEqual({ namespace: "paper", fingerprint: body.fingerprint, version: body.revision });
    expectProblem(await daemon.get("/v1/schemas/nothing"), 404, "configuration_not_found");
    const next = accepted(await daemon.client.request("PUT", "/v1/schemas/paper", { body: { ...schema, properties: { c: {} } } }));
    expect(next.fingerprint).not.toBe(body.fingerprint);
  });

  test("type may be an array; objects without properties are leaves", async () => {
    accepted(await daemon.client.put("base", "shop.maybe", "text"));
    accepted(await daemon.client.put("base", "shop.maybe", null));
    expectProblem(await daemon.client.put("base", "shop.maybe", 1), 422, "validation_failed");
    accepted(await daemon.client.put("base", "shop.delivery.rules", { any: ["thing"] }));
    accepted(await daemon.client.batch([without("shop.maybe"), without("shop.delivery.rules")]));
  });

  test('x-setpoint-entries: "keys" on an object makes each entry a key of its own', async () => {
    accepted(await daemon.client.put("base", "shop.limits.gold", 5));
    expect((await daemon.client.value("base", "shop.limits.gold")).body.value).toBe(5);
    expectProblem(await daemon.client.put("base", "shop.limits.gold", "x"), 422, "validation_failed");
    accepted(await daemon.client.request("DELETE", values("shop.limits.gold")));
  });
});

describe("GET /v1/revisions and /v1/diff", () => {
  let history: Daemon;
  let marks: number[];
  beforeAll(async () => {
    history = await new Daemon().start();
    marks = [];
    for (const [environment, key, value] of [
      ["base", "shop.title", "one"],
      ["prod", "shop.title", "two"],
      ["base", "shop.maxItems", 20],
      ["base", "shop.title", "three"],
    ] as const) {
      marks.push(accepted(await history.client.put(environment, key, value, { comment: `set ${key}` })).revision);
    }
  });
  afterAll(() => history.dispose());

  test("{revisions: [{revision, cursor, at, by, origin, comment, requestId?, changeCount}], next?}; ascending", async () => {
    const { body } = await history.get("/v1/revisions");
    expect(Object.keys(body)).toEqual(["revisions"]);
    expect(body.revisions.map((one: any) => one.revision)).toEqual(Array.from({ length: marks.at(-1) ?? 0 }, (_, index) => index + 1));
    expect(body.revisions.at(-1)).toEqual({
      revision: marks[3],
      cursor: (await history.head()).cursor,
      at: expect.stringMatching(TIME),
      by: { kind: expect.any(String), id: expect.any(String), name: expect.any(String) },
      origin: expect.any(String),
      comment: "set shop.title",
      requestId: expect.any(String),
      changeCount: 1,
    });
  });

  test("limit 1–1,000, default 100; next = the after of the next page", async () => {
    const { revisions, next } = (await history.get("/v1/revisions?limit=2")).body;
    expect(revisions.map((one: any) => one.revision)).toEqual([1, 2]);
    const second = (await history.get(`/v1/revisions?limit=2&after=${next}`)).body;
    expect(second.revisions.map((one: any) => one.revision)).toEqual([3, 4]);
    expect((await history.get(`/v1/revisions?limit=1000&after=${second.next}`)).body.next).toBeUndefined();
    for (const limit of ["0", "1001", "x", "-1", "1.5"]) {
      expectProblem(await history.get(`/v1/revisions?limit=${limit}`), 400, "invalid_request");
    }
  });

  test("filters match exactly, by is the principal's id", async () => {
    const found = async (query: string) => (await history.get(`/v1/revisions?${query}`)).body.revisions.map((one: any) => one.revision);
    const [first, second, third, fourth] = marks;
    expect(await found("key=shop.title")).toEqual([first, second, fourth]);
    expect(await found("environment=prod")).toEqual([second]);
    expect(await found("environment=base&key=shop.maxItems")).toEqual([third]);
    expect(await found("key=shop.tit")).toEqual([]);
    const { id, name } = (await history.get(`/v1/revisions/${first}`)).body.by;
    expect(await found(`by=${id}`)).toEqual(marks);
    expect(await found(`by=${name}`)).toEqual(name === id ? marks : []);
  });

  test("/v1/revisions/{n} adds changes", async () => {
    const listed = (await history.get(`/v1/revisions?after=${(marks[1] ?? 0) - 1}&limit=1`)).body.revisions[0];
    const { body } = await history.get(`/v1/revisions/${marks[1]}`);
    expect(body).toEqual({ ...listed, changes: [{ kind: "value", environment: "prod", key: "shop.title", after: "two" }] });
    const { changes } = (await history.get(`/v1/revisions/${marks[3]}`)).body;
    expect(changes).toEqual([{ kind: "value", environment: "base", key: "shop.title", before: "one", after: "three" }]);
  });

  test("diff {from, to, changes: [{kind, environment, key, before, after}]}; to defaults to the head, from may be later", async () => {
    const [first, , , fourth] = marks;
    const { body } = await history.get(`/v1/diff?from=${first}`);
    const title = { kind: "value", environment: "base", key: "shop.title", before: "one", after: "three" };
    expect(Object.keys(body)).toEqual(["from", "to", "changes"]);
    expect([body.from, body.to]).toEqual([first, fourth]);
    expect(body.changes).toHaveLength(3);
    expect(body.changes).toEqual(
      expect.arrayContaining([
        title,
        { kind: "value", environment: "base", key: "shop.maxItems", after: 20 },
        { kind: "value", environment: "prod", key: "shop.title", after: "two" },
      ]),
    );
    const back = (await history.get(`/v1/diff?from=${fourth}&to=${first}&environment=base`)).body;
    expect(back.changes).toHaveLength(2);
    expect(back.changes).toEqual(
      expect.arrayContaining([
        { ...title, before: "three", after: "one" },
        { kind: "value", environment: "base", key: "shop.maxItems", before: 20 },
      ]),
    );
    expect((await history.get(`/v1/diff?from=${fourth}&to=${fourth}`)).body.changes).toEqual([]);
  });

  test("from and to are revisions, cursors", async () => {
    const { cursor, revision } = (await history.client.config("base", `?revision=${marks[0]}`)).body;
    const { body } = await history.get(`/v1/diff?from=${cursor}&to=${marks[1]}`);
    expect([body.from, body.to]).toEqual([revision, marks[1]]);
    expect(body.changes).toHaveLength(1);
    for (const from of ["x y", "1-12", "-1", ""])
      expect((await history.get(`/v1/diff?from=${encodeURIComponent(from)}`)).status).toBeGreaterThan(399);
  });
});

describe("POST /v1/rollbacks", () => {
  let past: Daemon;
  let origin: number;
  beforeAll(async () => {
    past = await new Daemon().start();
    accepted(
      await past.client.batch([
        change("shop.title", "old"),
        change("misc.note", "old"),
        change("shop.title", "old prod", "prod"),
        { kind: "flag", environment: "base", key: "f", value: FLAG },
        { kind: "segment", environment: "prod", key: "s", value: SEGMENT },
      ]),
    );
    origin = (await past.head()).revision;
  });
  afterAll(() => past.dispose());
  const diff = async (query = "") => (await past.get(`/v1/diff?from=${origin}${query}`)).body.changes;
  const disturb = async () =>
    accepted(
      await past.client.batch([
        change("shop.title", "new"),
        change("misc.note", "new"),
        change("shop.any", "added"),
        without("shop.title", "prod"),
        { kind: "flag", environment: "base", key: "f", delete: true },
        { kind: "segment", environment: "prod", key: "s", value: { in: ["a", "b"] } },
        { kind: "schema", key: "added", value: { type: "object" } },
        { kind: "environment", key: "added", value: { parent: "prod" } },
      ]),
    );

  test("to: without environment and namespace everything of the configuration kinds; answers as batches; exact", async () => {
    await disturb();
    const { body } = await past.post("/v1/rollbacks", { to: origin, comment: "back" });
    expect(Object.keys(body)).toEqual(["revision", "cursor", "changes", "issues"]);
    expect(body.changes).toHaveLength(8);
    expect(await diff()).toEqual([]);
    expect((await past.get(`/v1/revisions/${body.revision}`)).body).toMatchObject({ comment: "back", changeCount: 8 });
    const then = (await past.client.config("prod", `?revision=${origin}`)).body;
    expect((await past.client.config("prod")).body).toMatchObject({ values: then.values, hash: then.hash });
  });

  test("to with environment: that one's records only", async () => {
    await disturb();
    accepted(await past.post("/v1/rollbacks", { to: origin, environment: "prod" }));
    expect(await diff("&environment=prod")).toEqual([]);
    expect((await past.client.value("base", "shop.title")).body.value).toBe("new");
    accepted(await past.post("/v1/rollbacks", { to: origin }));
    expect(await diff()).toEqual([]);
  });

  test("to with namespace, with both", async () => {
    await disturb();
    accepted(await past.post("/v1/rollbacks", { to: origin, environment: "base", namespace: "shop" }));
    expect((await past.client.value("base", "shop.title")).body.value).toBe("old");
    expect((await past.client.value("base", "misc.note")).body.value).toBe("new");
    expect((await past.client.value("prod", "shop.title")).body.value).toBe("old");
    accepted(await past.post("/v1/rollbacks", { to: origin, namespace: "shop" }));
    expect((await past.client.value("prod", "shop.title")).body.value).toBe("old prod");
    expect((await past.client.value("base", "misc.note")).body.value).toBe("new");
    accepted(await past.post("/v1/rollbacks", { to: origin }));
    expect(await diff()).toEqual([]);
  });

  test("?preview writes nothing", async () => {
    const { revision } = await disturb();
    const { body } = await past.post("/v1/rollbacks?preview", { to: origin });
    expect(Object.keys(body)).toEqual(["valid", "basedOn", "changes", "effective", "issues", "gates"]);
    expect(body.changes).toHaveLength(8);
    expect((await past.head()).revision).toBe(revision);
    accepted(await past.post("/v1/rollbacks", { to: origin }));
  });

  test("{revert: revision}: undoes that revision and leaves the later ones", async () => {
    const wrong = accepted(await past.client.batch([change("shop.title", "wrong"), change("shop.any", "wrong")]));
    accepted(await past.client.put("base", "misc.note", "right"));
    const { body } = await past.post("/v1/rollbacks", { revert: wrong.revision });
    expect(body.changes).toEqual(
      expect.arrayContaining([
        { kind: "value", environment: "base", key: "shop.title", before: "wrong", after: "old", version: body.revision },
        { kind: "value", environment: "base", key: "shop.any", before: "wrong", version: 0 },
      ]),
    );
    expect(await diff()).toEqual([{ kind: "value", environment: "base", key: "misc.note", before: "old", after: "right" }]);
  });

  test("409 conflicting_change: what was changed again since is not reverted", async () => {
    const wrong = accepted(await past.client.put("base", "shop.title", "wrong"));
    accepted(await past.client.put("base", "shop.title", "newer"));
    expectProblem(await past.post("/v1/rollbacks", { revert: wrong.revision }), 409, "conflicting_change");
    expect((await past.client.value("base", "shop.title")).body.value).toBe("newer");
  });

  test.each([{}, { to: 1, revert: 1 }, { to: 1, extra: 1 }, { to: -1 }, { to: 1.5 }, { revert: "x" }, { comment: "x" }])(
    "{to …} | {revert …}, else 400: %j",
    async (body) => {
      expectProblem(await past.post("/v1/rollbacks", body), 400, "invalid_request");
    },
  );
});

describe("GET /livez · /readyz", () => {
  test('/livez 200 {status: "ok"} while the process answers; no token asked', async () => {
    const answer = await daemon.get("/livez", { authorization: undefined });
    expect([answer.status, answer.body]).toEqual([200, { status: "ok" }]);
  });

  test("/readyz 200 {status, verifying, revision, problems}", async () => {
    const { status, body } = await daemon.get("/readyz", { authorization: undefined });
    const { revision } = await daemon.head();
    expect([status, body]).toEqual([200, { status: "ok", verifying: expect.any(Boolean), revision, problems: [] }]);
  });
});

const sections = (frame: Frame) => [frame["values"], frame["flags"], frame["segments"]];
const NOTHING = { set: {}, unset: [] };

describe("The stream: subscribing", () => {
  test("{type: snapshot, reason, cursor, revision, hash, schemas?, values, flags, segments}; type is the first member", async () => {
    accepted(
      await daemon.client.batch([
        { kind: "flag", environment: "prod", key: "f", value: FLAG },
        { kind: "segment", environment: "prod", key: "s", value: SEGMENT },
      ]),
    );
    const wire = await Wire.open(daemon, "?environment=prod");
    const frame = await wire.next();
    const { body } = await daemon.client.config("prod");
    expect(wire.told[0]).toMatch(/^\{"type":"snapshot"/);
    const members = ["cursor", "flags", "hash", "reason", "revision", "schemas", "segments", "type", "values"];
    expect(Object.keys(frame).sort()).toEqual(members);
    expect(frame).toMatchObject({ type: "snapshot", reason: "first", cursor: body.cursor, revision: body.revision, hash: body.hash });
    expect(frame["values"]).toEqual(body.values);
    expect([frame["flags"]["f"], frame["segments"]["s"]]).toEqual([FLAG, SEGMENT]);
    expect(Object.keys(frame["schemas"])).toEqual(expect.arrayContaining(["misc", "shop"]));
    expect(frame["schemas"]["shop"]).toEqual({ fingerprint: expect.any(String), schema: SHOP });
  });

  test("Without environment in the URL nothing is sent until subscribe; then the answer comes at once", async () => {
    const wire = await Wire.open(daemon);
    accepted(await daemon.client.put("base", "shop.any", "nobody hears"));
    expect(wire.texts).toEqual([]);
    expect(await wire.ask({ type: "subscribe", environment: "base" })).toMatchObject({ type: "snapshot", reason: "first" });
  });

  test("10 s without a subscribe, then 1008", async () => {
    const wire = await Wire.open(daemon);
    expect(await wire.closed).toBe(1008);
    expect(wire.texts.filter((text) => !text.startsWith('{"type":"error"'))).toEqual([]);
  });

  test("the replica is kept by all three transports, and its hash is the daemon's", async () => {
    const all = await Promise.all(
      (["url", "message", "sse"] as const).map((transport) => follow(daemon, { environment: "eu", transport })),
    );
    await Promise.all(all.map((follower) => follower.reach(0)));
    accepted(
      await daemon.client.batch([
        change("shop.title", "Grüße 🎈", "eu"),
        change("shop.any", { n: [1e21, 1e-7, -0.5, null, { "\u2028": "\\" }] }, "prod"),
        { kind: "flag", environment: "base", key: "three", value: FLAG },
        { kind: "segment", environment: "eu", key: "three", value: SEGMENT },
      ]),
    );
    accepted(await daemon.client.batch([without("shop.title", "eu"), { kind: "segment", environment: "eu", key: "three", delete: true }]));
    const { revision } = accepted(await daemon.client.put("eu", "shop.limits.last", 1));
    const { values: config, hash } = (await daemon.client.config("eu")).body;
    for (const follower of all) {
      const replica = await follower.reach(revision);
      expect(Object.fromEntries(replica.values)).toEqual(config);
      expect([replica.hash, replica.flags.get("three")]).toEqual([hash, FLAG]);
      expect(outcomes(follower)).toEqual(["applied", "applied", "applied", "applied"]);
    }
  });

  test("where nothing of the projection was missed, by a heartbeat with the head's cursor", async () => {
    const held = await daemon.client.config("eu");
    const { cursor } = accepted(await daemon.client.put("other", "shop.any", "elsewhere"));
    const wire = await Wire.open(daemon);
    const subscribe = { type: "subscribe", environment: "eu", cursor: held.body.cursor };
    expect(await wire.askAny(subscribe)).toEqual({ type: "heartbeat", cursor });
    expect(await wire.askAny({ ...subscribe, hash: held.body.hash })).toEqual({ type: "heartbeat", cursor });
    expect(await wire.askAny({ ...subscribe, cursor })).toEqual({ type: "heartbeat", cursor });
    const url = await Wire.open(daemon, `?environment=eu&cursor=${held.body.cursor}`);
    expect(await url.any()).toEqual({ type: "heartbeat", cursor });
    const events = await Events.open(daemon, `?environment=eu&cursor=${held.body.cursor}`);
    expect(await events.frame()).toEqual({ type: "heartbeat", cursor });
  });

  test("a bare revision is accepted and skips the history check", async () => {
    const { revision, cursor } = await daemon.head();
    const wire = await Wire.open(daemon, `?environment=eu&cursor=${revision}`);
    expect(await wire.any()).toEqual({ type: "heartbeat", cursor });
  });

  test("After a heartbeat no frame with a revision ≤ its cursor follows", async () => {
    const wire = await Wire.open(daemon, `?environment=eu&cursor=${(await daemon.head()).cursor}`);
    const heartbeat = await wire.any();
    accepted(await daemon.client.put("eu", "shop.any", "after the heartbeat"));
    expect((await wire.next())["revision"]).toBeGreaterThan(revisionOf(heartbeat["cursor"]));
  });

  test("an empty cursor parameter is none", async () => {
    const wire = await Wire.open(daemon, "?environment=eu&cursor=");
    expect(await wire.next()).toMatchObject({ type: "snapshot", reason: "first" });
  });

  test("the bare cursor 0 asks for everything", async () => {
    const { body } = await daemon.client.config("eu");
    const wire = await Wire.open(daemon, "?environment=eu&cursor=0");
    const frame = await wire.next();
    const all = frame["type"] === "snapshot" ? frame["values"] : frame["values"].set;
    expect([frame["hash"], all]).toEqual([body.hash, body.values]);
  });

  test("a subscribe replaces the former subscription", async () => {
    const wire = await Wire.open(daemon, "?environment=eu");
    await wire.next();
    expect(await wire.ask({ type: "subscribe", environment: "other" })).toMatchObject({ type: "snapshot", reason: "first" });
    accepted(await daemon.client.put("eu", "shop.any", "not for other"));
    const { revision } = accepted(await daemon.client.put("other", "shop.any", "for other"));
    expect(await wire.next()).toMatchObject({ type: "change", revision });
  });
});

describe("The stream: change frames", () => {
  test("{type: change, previous, cursor, revision, hash, values, flags, segments, at}", async () => {
    const wire = await Wire.open(daemon, "?environment=prod");
    const first = await wire.next();
    const written = accepted(
      await daemon.client.batch([
        change("shop.title", "framed"),
        change("shop.limits.framed", 1),
        { kind: "flag", environment: "prod", key: "framed", value: FLAG },
        { kind: "segment", environment: "prod", key: "framed", value: SEGMENT },
      ]),
    );
    const frame = await wire.next();
    expect(wire.told[1]).toMatch(/^\{"type":"change"/);
    const { at } = (await daemon.get(`/v1/revisions/${written.revision}`)).body;
    expect(frame).toEqual({
      type: "change",
      previous: expect.any(Number),
      cursor: written.cursor,
      revision: written.revision,
      hash: (await daemon.client.config("prod")).body.hash,
      values: { set: { "shop.title": "framed", "shop.limits.framed": 1 }, unset: [] },
      flags: { set: { framed: FLAG }, unset: [] },
      segments: { set: { framed: SEGMENT }, unset: [] },
      at,
    });
    expect(frame["previous"]).toBeLessThanOrEqual(first["revision"]);
    accepted(
      await daemon.client.batch([
        without("shop.title"),
        without("shop.limits.framed"),
        { kind: "flag", environment: "prod", key: "framed", delete: true },
        { kind: "segment", environment: "prod", key: "framed", delete: true },
      ]),
    );
    const gone = await wire.next();
    expect(sections(gone).map((section) => [section.set, section.unset.sort()])).toEqual([
      [{}, ["shop.limits.framed", "shop.title"]],
      [{}, ["framed"]],
      [{}, ["framed"]],
    ]);
    expect(gone["previous"]).toBe(frame["revision"]);
  });

  test("a value that falls back to a parent's or the default is set, not unset", async () => {
    accepted(await daemon.client.put("base", "shop.banner", "parent"));
    accepted(await daemon.client.put("prod", "shop.banner", "child"));
    const wire = await Wire.open(daemon, "?environment=prod");
    await wire.next();
    accepted(await daemon.client.request("DELETE", values("shop.banner", "prod")));
    expect((await wire.next())["values"]).toEqual({ set: { "shop.banner": "parent" }, unset: [] });
    accepted(await daemon.client.request("DELETE", values("shop.banner")));
    expect((await wire.next())["values"]).toEqual({ set: { "shop.banner": "hi" }, unset: [] });
  });

  test("Deleting what is not stored, writing an equal value: neither sends a frame, and previous skips them", async () => {
    accepted(await daemon.client.put("prod", "shop.banner", "mine"));
    const wire = await Wire.open(daemon, "?environment=prod");
    await wire.next();
    const one = accepted(await daemon.client.put("prod", "shop.any", "one"));
    accepted(await daemon.client.put("prod", "shop.any", "one"));
    accepted(await daemon.client.batch([without("shop.limits.absent", "prod")]));
    accepted(await daemon.client.put("base", "shop.banner", "hidden"));
    accepted(await daemon.client.put("other", "shop.any", "elsewhere"));
    accepted(await daemon.client.batch([{ kind: "flag", environment: "prod", key: "absent", delete: true }]));
    const two = accepted(await daemon.client.put("prod", "shop.any", "two"));
    expect(await wire.next()).toMatchObject({ type: "change", revision: one.revision });
    expect(await wire.next()).toMatchObject({ type: "change", previous: one.revision, revision: two.revision });
    accepted(await daemon.client.batch([without("shop.banner", "prod"), without("shop.banner")]));
  });

  test("previous: heartbeats do not move it", async () => {
    const wire = await Wire.open(daemon, "?environment=prod");
    await wire.next();
    const one = accepted(await daemon.client.put("prod", "shop.any", "before the heartbeat"));
    await wire.next();
    accepted(await daemon.client.put("other", "shop.any", "moves the head"));
    const { cursor } = await daemon.head();
    expect(await wire.askAny({ type: "subscribe", environment: "prod", cursor })).toEqual({ type: "heartbeat", cursor });
    accepted(await daemon.client.put("prod", "shop.any", "after the heartbeat"));
    expect(await wire.next()).toMatchObject({ type: "change", previous: one.revision });
  });

  test("previous is the same for all subscribers of a projection, whenever they came", async () => {
    const early = await Wire.open(daemon, "?environment=prod");
    await early.next();
    const one = accepted(await daemon.client.put("prod", "shop.any", "early"));
    accepted(await daemon.client.put("other", "shop.any", "moves the head"));
    const late = await Wire.open(daemon, "?environment=prod");
    expect((await late.next())["revision"]).toBeGreaterThan(one.revision);
    accepted(await daemon.client.put("prod", "shop.any", "both"));
    expect(await early.next()).toMatchObject({ revision: one.revision });
    expect(await early.next()).toMatchObject({ type: "change", previous: one.revision });
    expect(await late.next()).toMatchObject({ type: "change", previous: one.revision });
  });

  test("previous: for a projection without subscribers until now, the head at that moment", async () => {
    const { body } = await daemon.client.batch([{ kind: "environment", key: "lonely", value: {} }]);
    accepted(await daemon.client.put("lonely", "shop.any", 1));
    const { revision } = accepted(await daemon.client.put("other", "shop.any", "moves the head"));
    expect(revision).toBeGreaterThan(body.revision);
    const wire = await Wire.open(daemon, "?environment=lonely");
    expect((await wire.next())["revision"]).toBe(revision);
    accepted(await daemon.client.put("lonely", "shop.any", 2));
    expect(await wire.next()).toMatchObject({ type: "change", previous: revision });
  });

  test("for a frame joined for one subscriber previous is the revision of its own cursor; it brings exactly what was missed", async () => {
    accepted(
      await daemon.client.batch([change("shop.title", "stays", "eu"), change("shop.any", "goes", "eu"), without("shop.limits.last", "eu")]),
    );
    const held = (await daemon.client.config("eu")).body;
    accepted(await daemon.client.put("eu", "shop.banner", "passing", {}));
    accepted(await daemon.client.put("eu", "shop.limits.missed", 1));
    accepted(await daemon.client.request("DELETE", values("shop.banner", "eu")));
    accepted(await daemon.client.batch([without("shop.any", "eu"), { kind: "flag", environment: "eu", key: "missed", value: FLAG }]));
    const { cursor } = accepted(await daemon.client.put("other", "shop.any", "tail"));
    const { body } = await daemon.client.config("eu");
    const merged: Record<string, unknown> = { ...held.values };
    const wire = await Wire.open(daemon, `?environment=eu&cursor=${held.cursor}`);
    let own = held.revision;
    for (let frame = await wire.next(); ; frame = await wire.next()) {
      expect(frame["type"]).not.toBe("snapshot");
      expect(frame["previous"]).toBeLessThanOrEqual(own);
      expect(frame["revision"]).toBeGreaterThan(own);
      own = frame["revision"];
      Object.assign(merged, frame["values"].set);
      for (const key of frame["values"].unset) delete merged[key];
      if (frame["hash"] === body.hash) break;
    }
    expect(merged).toEqual(body.values);
    expect(own).toBeLessThanOrEqual(revisionOf(cursor));
    accepted(await daemon.client.batch([{ kind: "flag", environment: "eu", key: "missed", delete: true }]));
  });

  test("A changed schema counts as a change of the projection, not of its hash; null = removed", async () => {
    const { etag } = (await daemon.client.config("prod")).headers;
    const wire = await Wire.open(daemon, "?environment=prod");
    await wire.next();
    const schema = { type: "object", properties: { later: { type: "string" } } };
    const put = accepted(await daemon.client.request("PUT", "/v1/schemas/newcomer", { body: schema }));
    const frame = await wire.next();
    expect(frame).toMatchObject({ type: "change", revision: put.revision, hash: etag?.slice(1, -1) });
    expect(frame["schemas"]).toEqual({ newcomer: { fingerprint: put.fingerprint, schema } });
    expect(sections(frame)).toEqual([NOTHING, NOTHING, NOTHING]);
    accepted(await daemon.client.batch([{ kind: "schema", key: "newcomer", delete: true }]));
    expect((await wire.next())["schemas"]).toEqual({ newcomer: null });
  });

  test("a new default is a change of values and of the schema in one frame", async () => {
    const wire = await Wire.open(daemon, "?environment=other&namespaces=misc");
    await wire.next();
    accepted(await daemon.client.batch([without("misc.text", "other")]));
    const moved = { ...MISC, properties: { ...MISC.properties, extra: { type: "integer", default: 5 } } };
    accepted(await daemon.client.request("PUT", "/v1/schemas/misc", { body: moved }));
    const frame = await wire.next();
    expect([frame["values"].set["misc.extra"], frame["schemas"]["misc"].schema]).toEqual([5, moved]);
    accepted(await daemon.client.request("PUT", "/v1/schemas/misc", { body: MISC }));
    expect((await wire.next())["values"]).toEqual({ set: {}, unset: ["misc.extra"] });
  });

  test("texts whose fingerprint the subscribe named are left out", async () => {
    const { schemas } = (await daemon.get("/v1/schemas")).body;
    const shop = schemas.find((one: any) => one.namespace === "shop").fingerprint;
    const wire = await Wire.open(daemon);
    const named = await wire.ask({ type: "subscribe", environment: "prod", schemas: { shop, misc: "0000000000000000" } });
    expect(named["schemas"]["shop"]?.schema).toBeUndefined();
    expect(named["schemas"]["misc"]).toMatchObject({ schema: MISC });
    expect(JSON.stringify(named)).not.toContain("Shown on top");
  });

  test("a new parent changes the projection of a whole environment in one frame", async () => {
    accepted(await daemon.client.batch([{ kind: "environment", key: "mover", value: {} }, change("shop.title", "inherit me", "prod")]));
    const follower = await follow(daemon, { environment: "mover" });
    await follower.reach(0);
    const { revision } = accepted(await daemon.client.batch([{ kind: "environment", key: "mover", value: { parent: "prod" } }]));
    const replica = await follower.reach(revision);
    expect(replica.values.get("shop.title")).toBe("inherit me");
    expect(replica.hash).toBe((await daemon.client.config("mover")).body.hash);
    expect(outcomes(follower)).toEqual(["applied", "applied"]);
  });
});

describe("The stream: snapshot reasons", () => {
  const reason = async (subscribe: Record<string, unknown>) => {
    const wire = await Wire.open(daemon);
    return wire.ask({ type: "subscribe", environment: "prod", ...subscribe });
  };

  test("first (no cursor)", async () => {
    expect(await reason({})).toMatchObject({ type: "snapshot", reason: "first" });
  });

  test("asked (snapshot in subscribe)", async () => {
    const { cursor, hash } = (await daemon.client.config("prod")).body;
    expect(await reason({ snapshot: true, cursor, hash })).toMatchObject({ type: "snapshot", reason: "asked", cursor, hash });
  });

  test("other_history", async () => {
    expect(await reason({ cursor: "2-ffffffffffffffff" })).toMatchObject({ type: "snapshot", reason: "other_history" });
    const wire = await Wire.open(daemon, "?environment=prod&cursor=2-ffffffffffffffff");
    expect(await wire.next()).toMatchObject({ type: "snapshot", reason: "other_history" });
    const events = await Events.open(daemon, "?environment=prod", { "last-event-id": "2-ffffffffffffffff" });
    expect(await events.frame()).toMatchObject({ type: "snapshot", reason: "other_history" });
  });

  test("ahead (still above the head after 1 s)", async () => {
    const { revision } = await daemon.head();
    const frame = await reason({ cursor: String(revision + 1000) });
    expect(frame).toMatchObject({ type: "snapshot", reason: "ahead", revision });
  });

  test("a cursor that the head reaches within the second is not ahead", async () => {
    const { revision } = await daemon.head();
    const wire = await Wire.open(daemon, `?environment=prod&cursor=${revision + 1}`);
    const { cursor } = accepted(await daemon.client.put("other", "shop.any", "catches up"));
    let frame = await wire.any();
    while (frame["type"] === "heartbeat" && frame["cursor"] !== cursor) frame = await wire.any();
    expect(frame).toEqual({ type: "heartbeat", cursor });
  });

  test("diverged (the subscribe's hash is not the daemon's at that cursor)", async () => {
    const { cursor, hash } = (await daemon.client.config("prod")).body;
    expect(await reason({ cursor, hash: "0123456789abcdef" })).toMatchObject({ type: "snapshot", reason: "diverged", cursor, hash });
    accepted(await daemon.client.put("prod", "shop.any", "moves the hash"));
    expect(await reason({ cursor, hash: "0123456789abcdef" })).toMatchObject({ type: "snapshot", reason: "diverged" });
    expect(await reason({ cursor, hash })).toMatchObject({ type: "change" });
  });

  test("a replica that has diverged asks for a snapshot and is whole again", async () => {
    const follower = await follow(daemon, { environment: "prod" });
    const replica = await follower.reach(0);
    replica.take({ ...follower.log[0]?.frame, values: { "shop.broken": 1 } });
    const { revision } = accepted(await daemon.client.put("prod", "shop.any", "finds it"));
    const frames = () => follower.log.filter((one) => one.frame["type"] !== "heartbeat");
    while (frames().length < 3) await once(follower, "frame");
    expect(frames().map((one) => [one.frame["type"], one.frame["reason"], one.outcome])).toEqual([
      ["snapshot", "first", "applied"],
      ["change", undefined, "diverged"],
      ["snapshot", "asked", "applied"],
    ]);
    expect([replica.revision, replica.values.has("shop.broken")]).toEqual([revision, false]);
  });
});

describe("The stream: filters and audiences", () => {
  test("namespaces filters values and schemas only, flags and segments always come; the hash is of that projection", async () => {
    const wire = await Wire.open(daemon, "?environment=prod&namespaces=misc");
    const frame = await wire.next();
    expect(Object.keys(frame["values"]).every((key) => key.startsWith("misc."))).toBe(true);
    expect(Object.keys(frame["schemas"])).toEqual(["misc"]);
    expect(frame["flags"]["f"]).toEqual(FLAG);
    const records = (["values", "flags", "segments"] as const).flatMap((section) =>
      Object.entries(frame[section]).map(([key, value]): [string, string, unknown] => [section.slice(0, -1), key, value]),
    );
    expect(frame["hash"]).toBe(hashOf(records));
    accepted(await daemon.client.put("prod", "shop.any", "not asked for"));
    const { revision } = accepted(await daemon.client.batch([{ kind: "flag", environment: "prod", key: "asked", value: FLAG }]));
    expect(await wire.next()).toMatchObject({ type: "change", revision, flags: { set: { asked: FLAG } } });
    accepted(await daemon.client.batch([{ kind: "flag", environment: "prod", key: "asked", delete: true }]));
  });

  test("namespaces=a,b, in the URL, in subscribe and by SSE", async () => {
    const url = await (await Wire.open(daemon, "?environment=prod&namespaces=misc,shop")).next();
    const message = await (await Wire.open(daemon)).ask({ type: "subscribe", environment: "prod", namespaces: ["shop", "misc"] });
    const sse = await (await Events.open(daemon, "?environment=prod&namespaces=misc,shop")).frame();
    expect([message["values"], message["hash"]]).toEqual([url["values"], url["hash"]]);
    expect([sse["values"], sse["hash"]]).toEqual([url["values"], url["hash"]]);
    expect(Object.keys(url["schemas"]).sort()).toEqual(["misc", "shop"]);
  });

  test("Audience client: values of keys marked client, flags and segments empty and outside the hash, no schemas", async () => {
    accepted(await daemon.client.put("prod", "misc.note", "for clients"));
    const wire = await Wire.open(daemon, "?environment=prod&audience=client");
    const frame = await wire.next();
    const { values: config } = (await daemon.client.config("prod")).body;
    const marked = { "misc.note": "for clients", "shop.visible": config["shop.visible"] };
    expect(frame).toMatchObject({ values: marked, flags: {}, segments: {}, hash: hashOfValues(marked) });
    expect([frame["schemas"], Object.keys(frame["flags"]), Object.keys(frame["values"]).sort()]).toEqual([
      undefined,
      [],
      Object.keys(marked),
    ]);
    accepted(
      await daemon.client.batch([change("shop.any", "servers only", "prod"), { kind: "flag", environment: "prod", key: "x", value: FLAG }]),
    );
    accepted(await daemon.client.request("PUT", "/v1/schemas/unseen", { body: { type: "object" } }));
    const { revision } = accepted(await daemon.client.put("prod", "shop.visible", false));
    const next = await wire.next();
    expect(next).toMatchObject({ type: "change", revision, hash: hashOfValues({ ...marked, "shop.visible": false }) });
    expect(sections(next)).toEqual([{ set: { "shop.visible": false }, unset: [] }, NOTHING, NOTHING]);
    expect(next["schemas"]).toBeUndefined();
    accepted(await daemon.client.batch([without("shop.visible", "prod"), { kind: "flag", environment: "prod", key: "x", delete: true }]));
  });

  test("a follower of audience client keeps its replica, too", async () => {
    const follower = await follow(daemon, { environment: "prod", audience: "client", namespaces: ["misc"] });
    await follower.reach(0);
    const { revision } = accepted(await daemon.client.put("prod", "misc.note", "again for clients"));
    const replica = await follower.reach(revision);
    expect(Object.fromEntries(replica.values)).toEqual({ "misc.note": "again for clients" });
    expect(outcomes(follower)).toEqual(["applied", "applied"]);
  });

  test("A sensitive key is in no frame and no hash", async () => {
    const wire = await Wire.open(daemon, "?environment=prod");
    const frame = await wire.next();
    expect(Object.keys(frame["values"]).filter((key) => key.includes("secret"))).toEqual([]);
    expect(JSON.stringify(frame["values"])).not.toContain("hush");
  });
});

describe("The stream: refusals", () => {
  async function upgrade(
    query: string,
    headers: Record<string, string | undefined> = {},
  ): Promise<{ status: number; body: any; headers: any }> {
    const { url, token } = await daemon.client.locate();
    const all = Object.entries({ authorization: `Bearer ${token}`, ...headers }).filter(([, value]) => value !== undefined);
    const socket = new WebSocket(`${url.replace("http", "ws")}/v1/stream${query}`, {
      headers: Object.fromEntries(all) as Record<string, string>,
    });
    socket.on("error", () => {});
    const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
    let text = "";
    for await (const chunk of response) text += String(chunk);
    socket.terminate();
    return { status: response.statusCode ?? 0, body: JSON.parse(text), headers: response.headers };
  }

  test("What the URL shows to be wrong is refused before the upgrade with the HTTP problem", async () => {
    for (const cursor of ["x", "1-", "1-xyz", "-1", "1.5", "01-zzzzzzzzzzzzzzzz", "1-FFFFFFFFFFFFFFFF"]) {
      expectProblem(await upgrade(`?environment=prod&cursor=${cursor}`), 400, "invalid_request");
    }
    expectProblem(await upgrade("?environment=prod&audience=everyone"), 400, "invalid_request");
    expectProblem(await upgrade("?environment=prod&unknown=1"), 400, "invalid_request");
    expectProblem(await upgrade("?environment=prod&environment=eu"), 400, "invalid_request");
    expectProblem(await upgrade("?environment=prod", { authorization: undefined }), 401, "unauthenticated");
    expectProblem(await upgrade("?environment=prod", { origin: "http://example.test" }), 403, "origin_refused");
    expectProblem(await upgrade("?environment=nowhere"), 404, "environment_not_found");
    expectProblem(await upgrade("?environment=prod", { host: "example.test" }), 421, "host_refused");
    const answer = await upgrade("?environment=nowhere");
    expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
    expect(answer.headers["setpoint-request-id"]).toBe(answer.body.requestId);
  });

  test("the same for an event stream", async () => {
    const accept = { accept: "text/event-stream" };
    expectProblem(await daemon.get("/v1/stream?environment=prod&cursor=x", accept), 400, "invalid_request");
    expectProblem(await daemon.get("/v1/stream?environment=nowhere", accept), 404, "environment_not_found");
    expectProblem(await daemon.get("/v1/stream?environment=prod", { ...accept, authorization: undefined }), 401, "unauthenticated");
    expectProblem(await daemon.get("/v1/stream?environment=prod", { ...accept, "last-event-id": "x" }), 400, "invalid_request");
  });

  test("400 too where neither Upgrade nor Accept: text/event-stream is sent, or an event stream names no environment", async () => {
    expectProblem(await daemon.get("/v1/stream?environment=prod"), 400, "invalid_request");
    expectProblem(await daemon.get("/v1/stream?environment=prod", { accept: "application/json" }), 400, "invalid_request");
    expectProblem(await daemon.get("/v1/stream", { accept: "text/event-stream" }), 400, "invalid_request");
  });

  test.each([
    ["an unknown environment", { type: "subscribe", environment: "nowhere" }],
    ["no environment", { type: "subscribe" }],
    ["an unknown member", { type: "subscribe", environment: "prod", extra: 1 }],
    ["a malformed cursor", { type: "subscribe", environment: "prod", cursor: "x" }],
    ["a malformed hash", { type: "subscribe", environment: "prod", cursor: "1", hash: "x" }],
    ["an unknown audience", { type: "subscribe", environment: "prod", audience: "everyone" }],
    ["an unreadable frame", "{"],
    ["an array", "[]"],
    ["a duplicate member", '{"type":"subscribe","environment":"prod","environment":"prod"}'],
    ["no type", {}],
    ["a wrong ack", { type: "ack", cursor: "x", hash: "y", status: "maybe" }],
  ])("A wrong subscribe or an unreadable frame gets an error frame and the former subscription goes on: %s", async (_, frame) => {
    const wire = await Wire.open(daemon, "?environment=eu");
    await wire.next();
    const error = await wire.ask(frame);
    expect(error).toMatchObject({ type: "error", code: expect.any(String), detail: expect.any(String) });
    expect(wire.told[1]).toMatch(/^\{"type":"error"/);
    const { revision } = accepted(await daemon.client.put("eu", "shop.any", `still here: ${JSON.stringify(frame)}`));
    expect(await wire.next()).toMatchObject({ type: "change", revision });
    expect(wire.socket.readyState).toBe(WebSocket.OPEN);
  });

  test("unknown frame types are ignored", async () => {
    const wire = await Wire.open(daemon, "?environment=eu");
    await wire.next();
    wire.send({ type: "hello", from: "the future" });
    const { cursor } = await daemon.head();
    expect(await wire.askAny({ type: "subscribe", environment: "eu", cursor })).toEqual({ type: "heartbeat", cursor });
    expect(wire.told).toHaveLength(1);
  });

  test("Close 1003 binary", async () => {
    const wire = await Wire.open(daemon, "?environment=eu");
    wire.socket.send(Buffer.from('{"type":"ack"}'), { binary: true });
    expect(await wire.closed).toBe(1003);
  });

  test("Close 1007 not UTF-8", async () => {
    const wire = await Wire.open(daemon, "?environment=eu");
    wire.socket.send(Buffer.from([0x7b, 0xff, 0x7d]), { binary: false });
    expect(await wire.closed).toBe(1007);
  });

  test("Close 1002 malformed", async () => {
    const wire = await Wire.open(daemon, "?environment=eu");
    await wire.next();
    const { _socket: socket } = wire.socket as unknown as { _socket: Socket };
    socket.write(Buffer.from([0x81, 0x02, 0x7b, 0x7d]));
    expect(await wire.closed).toBe(1002);
  });

  test("Close 1009 too large; text frames ≤ 16 KiB upwards", async () => {
    const wire = await Wire.open(daemon, "?environment=eu");
    await wire.next();
    wire.send(JSON.stringify({ type: "padded" }).padEnd(16 * 1024));
    const { cursor } = await daemon.head();
    expect(await wire.askAny({ type: "subscribe", environment: "eu", cursor })).toEqual({ type: "heartbeat", cursor });
    wire.send(JSON.stringify({ type: "padded" }).padEnd(16 * 1024 + 1));
    expect(await wire.closed).toBe(1009);
  });

  test("subprotocol setpoint.v1, optional; no permessage-deflate", async () => {
    const plain = await Wire.open(daemon, "?environment=eu", [], true);
    expect([plain.socket.protocol, plain.socket.extensions]).toEqual(["", ""]);
    const named = await Wire.open(daemon, "?environment=eu", ["setpoint.v1"], true);
    expect([named.socket.protocol, named.socket.extensions]).toEqual(["setpoint.v1", ""]);
    expect((await named.next())["type"]).toBe("snapshot");
  });
});

describe("The stream: server-sent events", () => {
  test("id = cursor, event = type, data = the frame; Last-Event-ID", async () => {
    const events = await Events.open(daemon, "?environment=eu");
    expect(events.response.headers["content-type"]).toMatch(/^text\/event-stream/);
    const first = await events.next();
    const snapshot = JSON.parse(first["data"] ?? "");
    expect([first["id"], first["event"]]).toEqual([snapshot.cursor, "snapshot"]);
    expect(snapshot).toMatchObject({ type: "snapshot", reason: "first" });
    const { revision, cursor } = accepted(await daemon.client.put("eu", "shop.any", "one event"));
    const next = await events.next();
    expect([next["id"], next["event"]]).toEqual([cursor, "change"]);
    expect(JSON.parse(next["data"] ?? "")).toMatchObject({ type: "change", revision });
    events.close();
    const missed = accepted(await daemon.client.put("eu", "shop.any", "missed event"));
    const resumed = await Events.open(daemon, "?environment=eu", { "last-event-id": cursor });
    expect(await resumed.frame()).toMatchObject({
      type: "change",
      revision: missed.revision,
      values: { set: { "shop.any": "missed event" }, unset: [] },
    });
    const nothing = await Events.open(daemon, "?environment=eu", { "last-event-id": missed.cursor });
    const heartbeat = await nothing.any();
    expect([heartbeat["event"], heartbeat["id"]]).toEqual(["heartbeat", missed.cursor]);
  });

  test("event streams are not listed in /v1/instances", async () => {
    const events = await Events.open(daemon, "?environment=eu");
    await events.next();
    expect((await daemon.get("/v1/instances")).body.instances).toEqual([]);
  });
});

describe("GET /v1/instances", () => {
  const listed = async (id: string) => (await daemon.get("/v1/instances")).body.instances.find((one: any) => one.id === id);
  const instance = (id: string) => ({ service: "shop", id, sdk: "independent/1" });

  test("{head, instances: [{service, id, sdk, environment, audience, via, connectedAt, applied, state, schemas}]}", async () => {
    const { schemas } = (await daemon.get("/v1/schemas")).body;
    const shop = schemas.find((one: any) => one.namespace === "shop").fingerprint;
    const wire = await Wire.open(daemon);
    const named = { shop, nowhere: "0123456789abcdef" };
    const frame = await wire.ask({ type: "subscribe", environment: "prod", instance: instance("shape"), schemas: named });
    const { body } = await daemon.get("/v1/instances");
    expect(Object.keys(body)).toEqual(["head", "instances"]);
    expect(body.head).toBe(frame["revision"]);
    expect(await listed("shape")).toEqual({
      ...instance("shape"),
      environment: "prod",
      audience: "server",
      via: [],
      connectedAt: expect.stringMatching(TIME),
      applied: 0,
      state: expect.any(String),
      schemas: { shop: { fingerprint: shop, state: "same" }, nowhere: { fingerprint: "0123456789abcdef", state: "unknown" } },
    });
  });

  test("ack applied and lagging: state against the last change frame of its projection", async () => {
    const wire = await Wire.open(daemon);
    const first = await wire.ask({ type: "subscribe", environment: "prod", instance: instance("acks") });
    wire.send({ type: "ack", cursor: first["cursor"], hash: first["hash"], status: "applied" });
    await vi.waitFor(async () => expect(await listed("acks")).toMatchObject({ state: "applied", applied: first["revision"] }), {
      interval: 5,
    });
    accepted(await daemon.client.put("other", "shop.any", "not its projection"));
    expect(await listed("acks")).toMatchObject({ state: "applied", applied: first["revision"] });
    accepted(await daemon.client.put("prod", "shop.any", "its projection"));
    const frame = await wire.next();
    expect(await listed("acks")).toMatchObject({ state: "lagging", applied: first["revision"] });
    wire.send({ type: "ack", cursor: frame["cursor"], hash: frame["hash"], status: "applied" });
    await vi.waitFor(async () => expect(await listed("acks")).toMatchObject({ state: "applied", applied: frame["revision"] }), {
      interval: 5,
    });
  });

  test("refusal?: {revision, code, reason, keys}", async () => {
    const wire = await Wire.open(daemon);
    await wire.ask({ type: "subscribe", environment: "prod", instance: instance("refuses") });
    accepted(await daemon.client.put("prod", "shop.any", "unwelcome"));
    const { cursor, hash, revision } = await wire.next();
    wire.send({ type: "ack", cursor, hash, status: "refused", keys: ["shop.any"], reason: "no such shelf" });
    await vi.waitFor(async () => expect((await listed("refuses")).state).toBe("refused"), { interval: 5 });
    expect((await listed("refuses")).refusal).toEqual({ revision, code: expect.any(String), reason: "no such shelf", keys: ["shop.any"] });
  });

  test("a closed connection is gone", async () => {
    const wire = await Wire.open(daemon);
    await wire.ask({ type: "subscribe", environment: "prod", instance: instance("leaves") });
    wire.socket.close();
    await wire.closed;
    await vi.waitFor(async () => expect([undefined, "gone"]).toContain((await listed("leaves"))?.state), { interval: 5 });
  });
});

describe("The stream: coming back", () => {
  let home: Daemon;
  beforeAll(async () => {
    home = await new Daemon().start();
  });
  afterAll(() => home.dispose());

  const same = async (follower: Follower) => {
    const { revision, values: config, hash } = (await home.client.config("prod")).body;
    const { replica } = follower;
    expect([Object.fromEntries(replica.values), replica.hash]).toEqual([config, hash]);
    expect(replica.revision).toBe(revision);
  };
  const missed = (mark: string) => [
    change("shop.title", mark, "prod"),
    change("shop.any", { mark, list: [1, null] }),
    { kind: "flag", environment: "base", key: mark, value: FLAG },
    { kind: "segment", environment: "prod", key: mark, value: SEGMENT },
  ];

  test.each(["message", "url", "sse"] as const)("a cut connection resumes with its cursor (%s): change frames only", async (transport) => {
    const follower = await follow(home, { environment: "prod", transport });
    await follower.reach(0);
    accepted(await home.client.put("prod", "shop.limits.gone", 1));
    await follower.reach((await home.head()).revision);
    const before = follower.log.length;
    const down = once(follower, "down");
    follower.drop();
    await down;
    accepted(await home.client.batch(missed(`cut-${transport}`)));
    accepted(await home.client.request("DELETE", values("shop.limits.gone", "prod")));
    await follower.reach((await home.head()).revision);
    await same(follower);
    const types = follower.log.slice(before).map((one) => [one.frame["type"], one.outcome]);
    expect(types.filter(([type]) => type !== "heartbeat").every(([type, outcome]) => type === "change" && outcome === "applied")).toBe(
      true,
    );
  });

  test.each([
    ["SIGTERM", "message"],
    ["SIGTERM", "url"],
    ["SIGTERM", "sse"],
    ["SIGKILL", "message"],
    ["SIGKILL", "url"],
    ["SIGKILL", "sse"],
  ] as const)("resume replays exactly what was missed across a restart by %s (%s)", async (signal, transport) => {
    const follower = await follow(home, { environment: "prod", transport });
    await follower.reach(0);
    const down = once(follower, "down");
    follower.stop();
    await down;
    const { replica } = follower;
    const before = follower.log.length;
    accepted(await home.client.batch(missed(`${signal}-${transport}`)));
    accepted(await home.client.batch([{ kind: "flag", environment: "base", key: `${signal}-${transport}`, delete: true }]));
    await home.restart(signal);
    accepted(await home.client.put("prod", "shop.limits.after", Date.now()));
    accepted(await home.client.put("other", "shop.any", `${signal}-${transport}`));
    follower.stopped = false;
    await follower.start();
    const { revision } = accepted(await home.client.put("prod", "shop.limits.last", Date.now()));
    await follower.reach(revision);
    await same(follower);
    expect(replica.segments.get(`${signal}-${transport}`)).toEqual(SEGMENT);
    expect(replica.flags.has(`${signal}-${transport}`)).toBe(false);
    const frames = follower.log.slice(before).filter((one) => one.frame["type"] !== "heartbeat");
    expect(frames.every((one) => one.frame["type"] === "change" && one.outcome === "applied")).toBe(true);
  });

  test("after a start, with nothing missed, a heartbeat; previous = the head at that moment", async () => {
    accepted(await home.client.put("prod", "shop.any", "before the start"));
    const held = (await home.client.config("prod")).body;
    const { revision } = accepted(await home.client.put("other", "shop.any", "before the start"));
    await home.restart("SIGKILL");
    const wire = await Wire.open(home);
    const { cursor } = await home.head();
    expect(revisionOf(cursor)).toBe(revision);
    const { cursor: own, hash } = held;
    expect(await wire.askAny({ type: "subscribe", environment: "prod", cursor: own, hash })).toEqual({ type: "heartbeat", cursor });
    accepted(await home.client.put("prod", "shop.any", "after the start"));
    expect(await wire.next()).toMatchObject({ type: "change", previous: revision });
  });

  test("the hash at an older cursor is known after a restart, too: diverged", async () => {
    const { cursor, hash } = (await home.client.config("prod")).body;
    accepted(await home.client.put("prod", "shop.any", "on"));
    await home.restart("SIGTERM");
    const wire = await Wire.open(home);
    const wrong = { type: "subscribe", environment: "prod", cursor, hash: "0123456789abcdef" };
    expect(await wire.ask(wrong)).toMatchObject({ type: "snapshot", reason: "diverged" });
    expect(await wire.ask({ ...wrong, hash })).toMatchObject({ type: "change", previous: revisionOf(cursor) });
  });

  test("Close 1012 restart", async () => {
    const wire = await Wire.open(home, "?environment=prod");
    await wire.next();
    await home.stop("SIGTERM");
    expect(await wire.closed).toBe(1012);
    await home.start();
  });

  test("a killed daemon loses nothing that it had answered", async () => {
    const written = accepted(await home.client.put("prod", "shop.title", "answered"));
    await home.stop("SIGKILL");
    await home.start();
    expect((await home.client.value("prod", "shop.title")).body).toMatchObject({ value: "answered", version: written.version });
    expect((await home.head()).cursor).toBe(written.cursor);
  });
});

describe("The stream under load", () => {
  let busy: Daemon;
  beforeAll(async () => {
    busy = await new Daemon().start();
  });
  afterAll(() => busy.dispose());

  /** The same numbers on every run. */
  const numbers = (seed: number) => () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };

  const large = "x".repeat(250 * 1024);
  const bulk = Array.from({ length: 120 }, (_, index) => `bulk.k${index}`);

  test("a slow consumer's frames are joined: previous = the revision of its own cursor, and nothing is lost", async () => {
    const schema = { type: "object", "x-setpoint-entries": "keys", additionalProperties: { type: "string" } };
    accepted(await busy.client.request("PUT", "/v1/schemas/bulk", { body: schema }));
    const wire = await Wire.open(busy, "?environment=other");
    const replica = new Replica();
    expect(replica.take(await wire.next())).toBe("applied");
    wire.socket.pause();
    for (const key of bulk) accepted(await busy.client.put("other", key, large));
    const { revision } = accepted(await busy.client.batch(bulk.map((key) => without(key, "other"))));
    wire.socket.resume();
    let count = 0;
    for (let own = replica.revision; own < revision; own = replica.revision, count++) {
      const frame = await wire.next();
      expect(frame["type"]).toBe("change");
      expect([frame["previous"] <= own, replica.take(frame)]).toEqual([true, "applied"]);
      if (frame["revision"] === revision) expect(frame["previous"]).toBe(own);
    }
    expect(count).toBeLessThan(bulk.length);
    expect([...replica.values.keys()].filter((key) => key.startsWith("bulk."))).toEqual([]);
  });

  test("random batches in every environment: all replicas end where the daemon's configuration is", async () => {
    const random = numbers(20_261);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const environments = ["base", "prod", "eu", "other"] as const;
    const keys = ["shop.title", "shop.banner", "shop.any", "misc.text", "misc.note", "shop.limits.a", "shop.limits.b"];
    const all = await Promise.all([
      ...environments.map((environment) => follow(busy, { environment })),
      follow(busy, { environment: "eu", transport: "sse" }),
      follow(busy, { environment: "eu", transport: "url", namespaces: ["misc"] }),
      follow(busy, { environment: "eu", audience: "client" }),
    ]);
    await Promise.all(all.map((follower) => follower.reach(0)));
    for (let round = 0; round < 60; round++) {
      const changes = new Map<string, object>();
      for (let count = 0; count < 1 + random() * 6; count++) {
        const environment = pick(environments);
        if (random() < 0.3) {
          const kind = pick(["flag", "segment"]);
          const record = { kind, environment, key: pick(["one", "two words", "ü"]) };
          const value = kind === "flag" ? { ...FLAG, metadata: { round } } : { ...SEGMENT };
          changes.set(JSON.stringify(record), random() < 0.4 ? { ...record, delete: true } : { ...record, value });
        } else {
          const key = pick(keys);
          const value = key.includes("limits")
            ? Math.floor(random() * 9)
            : key === "shop.any"
              ? [random(), { round }]
              : `${pick(["ä", "🎈", "\u2028"])}${round}`;
          changes.set(`${environment} ${key}`, random() < 0.3 ? without(key, environment) : change(key, value, environment));
        }
      }
      accepted(await busy.client.batch([...changes.values()]));
      if (round % 15 === 7) for (const follower of all) follower.drop();
    }
    const { revision } = accepted(
      await busy.client.batch(environments.flatMap((environment) => [change("misc.note", "the end", environment)])),
    );
    for (const follower of all) {
      const { replica, environment, projection } = (await follower.reach(revision), follower);
      const config = (await busy.client.config(environment)).body;
      const { namespaces, audience } = projection;
      const seen = Object.entries(config.values).filter(
        ([key]) =>
          (namespaces === undefined || key.startsWith("misc.")) && (audience !== "client" || ["misc.note", "shop.visible"].includes(key)),
      );
      expect(Object.fromEntries(replica.values)).toEqual(Object.fromEntries(seen));
      if (namespaces === undefined && audience === undefined) expect(replica.hash).toBe(config.hash);
      expect(new Set(follower.log.map((one) => one.outcome))).not.toContain("diverged");
      expect(follower.log.filter((one) => one.frame["type"] === "snapshot")).toHaveLength(1);
    }
  });

  test("followers left alone come back through kill -9, and every write that was answered is there once", async () => {
    const all = await Promise.all(
      (["message", "url", "sse"] as const).map((transport) => follow(busy, { environment: "prod", transport })),
    );
    await Promise.all(all.map((follower) => follower.reach(0)));
    const before = (await busy.head()).revision;
    const write = (index: number) =>
      busy.client.request("PUT", values(`shop.limits.crash${index}`, "prod"), {
        body: { value: index },
        headers: { "idempotency-key": `crash-${index}` },
      });
    const answered = new Map<number, Answer>();
    const writes = Array.from({ length: 60 }, async (_, index) => {
      const answer = await write(index).catch(() => undefined);
      if (answer?.status === 200) answered.set(index, answer);
      if (answered.size === 5) await busy.stop("SIGKILL");
    });
    await Promise.all(writes);
    await busy.stop("SIGKILL");
    await busy.start();
    for (let index = 0; index < 60; index++) {
      const again = await write(index);
      expect(again.status).toBe(200);
      const first = answered.get(index);
      if (first !== undefined) expect([again.headers["idempotency-replayed"], again.body]).toEqual(["true", first.body]);
    }
    const { body } = await busy.client.config("prod");
    expect(body.revision).toBe(before + 60);
    for (const follower of all) {
      const replica = await follower.reach(body.revision);
      expect([Object.fromEntries(replica.values), replica.hash]).toEqual([body.values, body.hash]);
      expect(follower.log.filter((one) => one.frame["type"] === "snapshot")).toHaveLength(1);
    }
  });
});

describe("ANSWER and REQUEST, bytes that no well-behaved client sends", () => {
  test("Setpoint-Request-Id on every answer: what is no HTTP gets a problem, too", async () => {
    for (const text of ["GARBAGE\r\n\r\n", "GET /v1/environments HTTP/1.1\r\nno colon\r\n\r\n"]) {
      const answer = await raw(daemon, text);
      expectProblem(answer, 400, "invalid_request");
      expect(answer.headers.toLowerCase()).toContain(`setpoint-request-id: ${answer.body.requestId}`);
    }
  });

  test("Host absent or given twice: 421", async () => {
    const { host } = await daemon.url();
    expectProblem(await raw(daemon, "GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n"), 421, "host_refused");
    expectProblem(await lines(daemon, "GET", "/livez", [`host: ${host}`, "host: example.test"]), 421, "host_refused");
  });

  test("a body in chunks is limited, too", async () => {
    const { url, token } = await daemon.client.locate();
    const head = `host: ${new URL(url).host}\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\nconnection: close`;
    const chunk = `100001\r\n${" ".repeat(1024 * 1024 + 1)}`;
    const answer = await raw(daemon, `PUT ${values("shop.any")} HTTP/1.1\r\n${head}\r\ntransfer-encoding: chunked\r\n\r\n${chunk}`);
    expectProblem(answer, 413, "too_large");
  });

  test("ECMAScript's numbers survive the way to the store, the answer and the frame", async () => {
    const follower = await follow(daemon, { environment: "base" });
    await follower.reach(0);
    const body = '{"value":[1.0,1e2,1.7976931348623157e308,5e-324,1E21,-0.1e-6,123456789012345.678,333333333.33333329]}';
    const { value, revision } = accepted(await daemon.client.request("PUT", values("shop.any"), { body }));
    expect(value).toEqual(JSON.parse(body).value);
    const replica = await follower.reach(revision);
    expect([replica.values.get("shop.any"), replica.hash]).toEqual([value, (await daemon.client.config("base")).body.hash]);
    expect(outcomes(follower)).toEqual(["applied", "applied"]);
  });
});

describe("The page's clarifications", () => {
  test("HEAD is answered as GET, without the body", async () => {
    const read = await daemon.client.value("base", "shop.visible");
    const head = await daemon.client.request("HEAD", values("shop.visible"));
    expect([head.status, head.headers.etag, head.headers["content-length"], head.text]).toEqual([
      200,
      read.headers.etag,
      read.headers["content-length"],
      "",
    ]);
  });

  test("If-None-Match of a read takes weak entity tags and *, too; on reads without an entity tag it is ignored", async () => {
    const { etag } = (await daemon.client.value("base", "shop.visible")).headers;
    for (const tag of [`W/${etag}`, "*"]) expect((await daemon.get(values("shop.visible"), { "if-none-match": tag })).status).toBe(304);
    expect((await daemon.get("/v1/environments", { "if-none-match": "*" })).status).toBe(200);
  });

  test("revision= and at= together are 400; a time before the first commit is revision 0, where no environment exists", async () => {
    const path = "/v1/environments/base/config";
    expectProblem(await daemon.get(`${path}?revision=1&at=2020-01-01T00:00:00.000Z`), 400, "invalid_request");
    expectProblem(await daemon.get(`${path}?at=2020-01-01T00:00:00.000Z`), 404, "environment_not_found");
    expectProblem(await daemon.get(`${path}?revision=0`), 404, "environment_not_found");
  });

  test("explain of a key that is declared and has no value anywhere is 200 without value, version 0", async () => {
    const { status, body } = await daemon.get("/v1/environments/other/explain/shop.limits.absent");
    expect([status, body]).toEqual([
      200,
      { environment: "other", key: "shop.limits.absent", version: 0, candidates: expect.any(Array), clamps: [] },
    ]);
    expect(body.candidates.filter((one: any) => one.wins)).toEqual([]);
  });

  test("GET /v1/environments lists the default environment first, then every root with its descendants", async () => {
    const { environments } = (await daemon.get("/v1/environments")).body;
    const names: string[] = environments.map((one: any) => one.name);
    expect(names[0]).toBe("base");
    for (const { name, parent } of environments) if (parent !== null) expect(names.indexOf(parent)).toBeLessThan(names.indexOf(name));
  });

  test("null for a branch in PATCH removes every key that this environment itself stores below it", async () => {
    accepted(
      await daemon.client.batch([change("shop.limits.p", 1), change("shop.limits.q", 2, "other"), change("shop.limits.r", 3, "other")]),
    );
    const body = { shop: { limits: null } };
    const { changes } = accepted(await daemon.client.request("PATCH", "/v1/environments/other/values", { body }));
    expect(changes.map((one: any) => [one.environment, one.key, one.after])).toEqual([
      ["other", "shop.limits.q", undefined],
      ["other", "shop.limits.r", undefined],
    ]);
    expect((await daemon.client.value("base", "shop.limits.p")).body.value).toBe(1);
  });

  test("Removing an environment that still stores something is 409, one that is another's parent 404", async () => {
    expectProblem(await daemon.client.batch([{ kind: "environment", key: "other", delete: true }]), 409, "conflicting_change");
    const { body } = await daemon.client.batch([{ kind: "environment", key: "trunk", value: {} }]);
    accepted(await daemon.client.batch([{ kind: "environment", key: "branch", value: { parent: "trunk" } }]));
    expect(body.revision).toBeGreaterThan(0);
    expectProblem(await daemon.client.batch([{ kind: "environment", key: "trunk", delete: true }]), 404, "environment_not_found");
    accepted(await daemon.client.batch(["branch", "trunk"].map((key) => ({ kind: "environment", key, delete: true }))));
  });

  test("A rollback without a comment is given one", async () => {
    const { revision } = accepted(await daemon.client.put("other", "shop.title", "rolled"));
    const back = accepted(await daemon.post("/v1/rollbacks", { revert: revision }));
    expect((await daemon.get(`/v1/revisions/${back.revision}`)).body.comment).toBe(`Revert revision ${revision}`);
  });

  test("user and release are accepted and have no effect; snapshot with a name is answered by an error frame", async () => {
    const wire = await Wire.open(daemon, "?environment=eu");
    await wire.next();
    wire.send({ type: "user", id: "anna" });
    wire.send({ type: "release", id: "anna" });
    const subscribe = { type: "subscribe", environment: "eu", snapshot: "launch" };
    expect(await wire.ask(subscribe)).toMatchObject({ type: "error", code: "revision_not_found" });
  });

  test("Last-Event-ID counts before the cursor of the URL", async () => {
    const old = await daemon.head();
    accepted(await daemon.client.put("eu", "shop.any", "newer than the address"));
    const { cursor } = await daemon.head();
    const events = await Events.open(daemon, `?environment=eu&cursor=${old.cursor}`, { "last-event-id": cursor });
    expect(await events.frame()).toEqual({ type: "heartbeat", cursor });
  });
});
