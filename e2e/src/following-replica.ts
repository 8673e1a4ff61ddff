import { once } from "node:events";
import type { ChangeFrame, DownFrame } from "@setpoint/protocol/frames";
import { WebSocket } from "ws";

/** What a subscriber saw that it never may see. */
export type Breach = string;

/**
 * A subscriber that trusts nothing: it keeps a plain copy of the values, holds every frame to the wire's rules, and after a
 * lost connection resumes with its cursor. It shares no code with the client library.
 */
export class FollowingReplica {
  readonly values = new Map<string, unknown>();
  readonly breaches: Breach[] = [];
  /** Snapshots by reason, change frames and heartbeats, counted. */
  readonly seen = new Map<string, number>();
  cursor = "";
  #socket: WebSocket | undefined;
  #isStopped = false;
  #check: (values: ReadonlyMap<string, unknown>) => Breach | undefined;
  #url: string;
  #token: string;

  /** @param check looks at the values after each frame; what it returns is a breach */
  constructor(url: string, token: string, check: (values: ReadonlyMap<string, unknown>) => Breach | undefined) {
    this.#url = url;
    this.#token = token;
    this.#check = check;
    this.#connect();
  }

  get revision(): number {
    return Number.parseInt(this.cursor || "0", 10);
  }

  /** Drops the connection as a broken network would; it comes back by itself. */
  drop(): void {
    this.#socket?.terminate();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    if (!this.#socket || this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.#socket, "close");
    this.#socket.terminate();
    await closed;
  }

  #connect(): void {
    const cursor = this.cursor === "" ? "" : `&cursor=${this.cursor}`;
    const socket = new WebSocket(`${this.#url.replace("http", "ws")}/v1/stream?environment=dev${cursor}`, {
      headers: { authorization: `Bearer ${this.#token}` },
    });
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      if (socket === this.#socket) this.#take(JSON.parse(data.toString("utf8")) as DownFrame);
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      if (!this.#isStopped) setTimeout(() => this.#connect(), 20);
    });
  }

  #take(frame: DownFrame): void {
    const name = frame.type === "snapshot" ? `snapshot ${frame.reason}` : frame.type;
    this.seen.set(name, (this.seen.get(name) ?? 0) + 1);
    if (frame.type === "snapshot") {
      this.values.clear();
      for (const [key, value] of Object.entries(frame.values)) this.values.set(key, value);
      this.cursor = frame.cursor;
    } else if (frame.type === "change") this.#apply(frame);
    else if (frame.type === "heartbeat") {
      if (Number.parseInt(frame.cursor, 10) < this.revision) this.breaches.push(`heartbeat ${frame.cursor} behind ${this.cursor}`);
      this.cursor = frame.cursor;
    }
    const breach = this.#check(this.values);
    if (breach !== undefined) this.breaches.push(breach);
  }

  #apply(frame: ChangeFrame): void {
    if (frame.previous > this.revision) this.breaches.push(`a gap: at ${this.revision}, the frame follows ${frame.previous}`);
    if (frame.revision <= this.revision) this.breaches.push(`a duplicate: at ${this.revision}, got ${frame.revision} again`);
    for (const [key, value] of Object.entries(frame.values.set)) this.values.set(key, value);
    for (const key of frame.values.unset) this.values.delete(key);
    this.cursor = frame.cursor;
  }
}
