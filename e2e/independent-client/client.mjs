// A client of the daemon written from the wire contract and the state hash's page alone: no code of the product is used here.
import { EventEmitter, once } from "node:events";
import { readFile } from "node:fs/promises";
import * as http from "node:http";
import * as https from "node:https";
import { join } from "node:path";
import WebSocket from "ws";

/** RFC 8785: members sorted by UTF-16 code units, ECMAScript's numbers and strings, no white space. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

function finalise(x) {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** The two lanes of a text. */
export function h64(text) {
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    a = Math.imul(a ^ unit, 0x01000193);
    const product = Math.imul(b ^ unit, 0x85ebca6b);
    b = (product << 13) | (product >>> 19);
  }
  a = finalise(a ^ text.length);
  return [a, finalise((b + a) | 0)];
}

export const hex = (lanes) => lanes.map((lane) => (lane >>> 0).toString(16).padStart(8, "0")).join("");
export const recordLanes = (kind, key, value) => h64(`${kind}\0${key}\0${canonical(value)}`);
export const revisionOf = (cursor) => Number(cursor.split("-")[0]);

const SECTIONS = { values: "value", flags: "flag", segments: "segment" };

/** A copy of one projection, kept by snapshot and change frames, with its own running hash. */
export class Replica {
  cursor = undefined;
  schemas = {};

  constructor() {
    this.clear();
  }

  clear() {
    Object.assign(this, { lanes: [0, 0], values: new Map(), flags: new Map(), segments: new Map() });
  }

  get hash() {
    return hex(this.lanes);
  }

  get revision() {
    return this.cursor === undefined ? -1 : revisionOf(this.cursor);
  }

  #move(section, key, sign) {
    const lanes = recordLanes(SECTIONS[section], key, this[section].get(key));
    this.lanes = this.lanes.map((lane, index) => (lane + sign * lanes[index]) >>> 0);
  }

  #unset(section, key) {
    if (this[section].has(key)) this.#move(section, key, -1);
    this[section].delete(key);
  }

  #set(section, key, value) {
    this.#unset(section, key);
    this[section].set(key, value);
    this.#move(section, key, 1);
  }

  /** What became of the frame: "applied", "dropped", "resynchronise", "diverged", "moved" (a heartbeat) or "ignored". */
  take(frame) {
    if (frame.type === "heartbeat") {
      if (this.cursor !== undefined && revisionOf(frame.cursor) >= this.revision) this.cursor = frame.cursor;
      return "moved";
    }
    if (frame.type === "snapshot") {
      this.clear();
      for (const section of Object.keys(SECTIONS)) {
        for (const [key, value] of Object.entries(frame[section])) this.#set(section, key, value);
      }
    } else if (frame.type === "change") {
      if (frame.revision <= this.revision) return "dropped";
      if (frame.previous > this.revision) return "resynchronise";
      for (const section of Object.keys(SECTIONS)) {
        for (const key of frame[section].unset) this.#unset(section, key);
        for (const [key, value] of Object.entries(frame[section].set)) this.#set(section, key, value);
      }
    } else {
      return "ignored";
    }
    for (const [namespace, schema] of Object.entries(frame.schemas ?? {})) {
      if (schema === null) delete this.schemas[namespace];
      else this.schemas[namespace] = { ...this.schemas[namespace], ...schema };
    }
    this.cursor = frame.cursor;
    return this.hash === frame.hash ? "applied" : "diverged";
  }
}

/** Follows one projection with a replica: "url" and "message" are WebSockets that differ in how they subscribe, "sse" an event stream. */
export class Follower extends EventEmitter {
  constructor(client, { environment, transport = "message", retryMs = 50, ...projection }) {
    super();
    Object.assign(this, { client, environment, transport, retryMs, projection, replica: new Replica(), log: [], stopped: false });
  }

  async start() {
    const { url, token } = await this.client.locate();
    const { namespaces, audience } = this.projection;
    const cursor = this.transport === "url" ? this.replica.cursor : undefined;
    const named = { environment: this.environment, namespaces: namespaces?.join(","), audience, cursor };
    const given = Object.entries(named).filter(([, value]) => value !== undefined);
    const target = `${url}/v1/stream?${this.transport === "message" ? "" : new URLSearchParams(given)}`;
    const headers = { authorization: `Bearer ${token}` };
    if (this.transport === "sse") this.#openEvents(target, headers);
    else this.#openSocket(target.replace(/^http/, "ws"), headers);
    return this;
  }

  stop() {
    this.stopped = true;
    this.drop();
  }

  /** Cuts the connection; unless stopped, the follower comes back with its cursor and, where it can, its hash. */
  drop() {
    this.socket?.terminate();
    this.response?.destroy();
  }

  #again() {
    this.emit("down");
    if (!this.stopped) setTimeout(() => void this.start().catch(() => this.#again()), this.retryMs);
  }

  #openSocket(target, headers) {
    const socket = new WebSocket(target, "setpoint.v1", { headers, perMessageDeflate: false });
    this.socket = socket;
    socket.on("open", () => this.transport === "message" && this.#subscribe());
    socket.on("message", (data) => this.#receive(JSON.parse(Buffer.from(data).toString())));
    socket.on("error", () => {});
    socket.on("close", () => this.#again());
  }

  #openEvents(target, headers) {
    const { cursor } = this.replica;
    const resume = cursor === undefined ? {} : { "last-event-id": cursor };
    const request = send("GET", target, { ...headers, accept: "text/event-stream", ...resume }, (response) => {
      this.response = response;
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => {
        const lines = (text + chunk).split("\n");
        text = lines.pop();
        for (const line of lines) if (line.startsWith("data:")) this.#receive(JSON.parse(line.slice(5)));
      });
      response.on("error", () => {});
      response.on("close", () => this.#again());
    });
    request.on("error", () => this.#again());
    request.end();
  }

  #subscribe(more = {}) {
    const { cursor, hash } = this.replica;
    const resume = cursor === undefined ? {} : { cursor, hash };
    this.socket.send(JSON.stringify({ type: "subscribe", environment: this.environment, ...this.projection, ...resume, ...more }));
  }

  #receive(frame) {
    const outcome = this.replica.take(frame);
    this.log.push({ frame, outcome });
    if (outcome === "diverged") this.replica.cursor = undefined;
    if (outcome === "resynchronise" || outcome === "diverged") {
      if (this.transport === "message") this.#subscribe(outcome === "diverged" ? { snapshot: true } : {});
      else this.drop();
    } else if (outcome === "applied" && this.transport !== "sse") {
      this.socket.send(JSON.stringify({ type: "ack", cursor: frame.cursor, hash: frame.hash, status: "applied" }));
    }
    this.emit("frame", frame, outcome);
  }

  /** Resolves when the replica stands at a revision or above it. */
  async reach(revision) {
    while (this.replica.revision < revision) await once(this, "frame");
    return this.replica;
  }
}

function send(method, target, headers, onResponse) {
  const { request } = target.startsWith("https:") ? https : http;
  return request(target, { method, headers, agent: false }, onResponse);
}

/** The HTTP side; `locate` gives the address and the token anew for every request, since a restart may move the daemon. */
export class Client {
  constructor(locate) {
    this.locate = locate;
  }

  static ofStateFolder(folder) {
    return new Client(async () => {
      const token = (await readFile(join(folder, "token"), "utf8")).trim();
      return { url: JSON.parse(await readFile(join(folder, "daemon.json"), "utf8")).url, token };
    });
  }

  async request(method, path, { body, headers = {} } = {}) {
    const { url, token } = await this.locate();
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    const text = body === undefined || typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const framing = text === undefined ? {} : { "content-type": type, "content-length": Buffer.byteLength(text) };
    const given = Object.entries({ authorization: `Bearer ${token}`, ...framing, ...headers }).filter(([, value]) => value !== undefined);
    return new Promise((resolve, reject) => {
      const request = send(method, url + path, Object.fromEntries(given), async (response) => {
        let answer = "";
        response.setEncoding("utf8");
        for await (const chunk of response) answer += chunk;
        const isJson = /json/.test(response.headers["content-type"] ?? "");
        const { statusCode: status, headers: answerHeaders } = response;
        resolve({ status, headers: answerHeaders, text: answer, body: isJson && answer !== "" ? JSON.parse(answer) : undefined });
      });
      request.on("error", reject);
      request.end(text);
    });
  }

  value = (environment, key) => this.request("GET", `/v1/environments/${environment}/values/${key}`);
  config = (environment, query = "") => this.request("GET", `/v1/environments/${environment}/config${query}`);
  put = (environment, key, value, { ifMatch, ...more } = {}) =>
    this.request("PUT", `/v1/environments/${environment}/values/${key}`, { body: { value, ...more }, headers: { "if-match": ifMatch } });
  batch = (changes, more = {}) => this.request("POST", "/v1/batches", { body: { changes, ...more } });
  preview = (changes) => this.request("POST", "/v1/batches?preview", { body: { changes } });
  follow = (options) => new Follower(this, options).start();
}
