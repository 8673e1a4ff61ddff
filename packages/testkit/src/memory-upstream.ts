import { createServer } from "node:http";
import type { AddressInfo, Server } from "node:net";
import type { Json } from "@setpoint/core";
import { addSums, emptyStateSum, recordSum, stateHashText } from "@setpoint/core/replica";
import type { Audience, DownFrame } from "@setpoint/protocol/frames";
import { WebSocketServer, type WebSocket } from "ws";
import { contractClientKeys, contractValues, type ContractUpstream } from "./adapter-contract.ts";

/** The stream of a daemon without the daemon, and where to reach it. It takes any token. */
export interface MemoryUpstream extends ContractUpstream {
  readonly url: string;
  readonly token: string;
  /** It takes any other as well. */
  readonly environment: string;
}

/**
 * Serves the contract's values on a port of its own. Every subscription is answered by a snapshot: there is nothing to resume from.
 * With `audience` every subscriber gets that one, whatever it asks for, as at an application's endpoint for browsers.
 */
export async function startMemoryUpstream(options: { readonly audience?: Audience } = {}): Promise<MemoryUpstream> {
  const values: Record<string, Json> = { ...contractValues };
  let revision = 1;
  const audiences = new Map<WebSocket, Audience>();
  const sockets = new WebSocketServer({ noServer: true });

  const cursor = (): string => `${revision}-${"0".repeat(16)}`;
  const visible = (audience: Audience, all: Readonly<Record<string, Json>>): Record<string, Json> =>
    Object.fromEntries(Object.entries(all).filter(([key]) => audience === "server" || contractClientKeys.includes(key)));
  const hash = (audience: Audience): string =>
    stateHashText(
      Object.entries(visible(audience, values)).reduce((sum, [key, value]) => addSums(sum, recordSum("value", key, value)), emptyStateSum),
    );
  const send = (socket: WebSocket, frame: DownFrame): void => socket.send(JSON.stringify(frame));

  function subscribe(socket: WebSocket, audience: Audience): void {
    audiences.set(socket, audience);
    const state = { values: visible(audience, values), flags: {}, segments: {} };
    send(socket, { type: "snapshot", reason: "first", cursor: cursor(), revision, hash: hash(audience), ...state });
  }

  sockets.on("connection", (socket: WebSocket, request: { readonly url?: string }) => {
    const asked = new URL(request.url ?? "/", "http://upstream").searchParams;
    const audienceOf = (name: unknown): Audience => options.audience ?? (name === "client" ? "client" : "server");
    if (asked.has("environment")) subscribe(socket, audienceOf(asked.get("audience")));
    socket.on("message", (data) => {
      const frame = JSON.parse((data as Buffer).toString()) as { readonly type: string; readonly audience?: string };
      if (frame.type === "subscribe") subscribe(socket, audienceOf(frame.audience));
    });
    socket.on("close", () => audiences.delete(socket));
  });

  async function listen(port: number): Promise<Server> {
    const server = createServer((_request, response) => response.writeHead(404).end());
    server.on("upgrade", (request, stream, head) => {
      sockets.handleUpgrade(request, stream, head, (socket) => sockets.emit("connection", socket, request));
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return server;
  }
  let server: Server | undefined = await listen(0);
  const { port } = server.address() as AddressInfo;

  async function down(): Promise<void> {
    const closing = server;
    server = undefined;
    for (const socket of sockets.clients) socket.terminate();
    await new Promise<void>((resolve) => (closing ? closing.close(() => resolve()) : resolve()));
  }

  return {
    url: `http://127.0.0.1:${port}`,
    token: "sp_memory_token",
    environment: "base",
    commit: async (given) => {
      const previous = revision;
      revision += 1;
      Object.assign(values, given);
      const at = new Date(0).toISOString();
      const untouched = { set: {}, unset: [] };
      for (const [socket, audience] of audiences) {
        const set = visible(audience, given);
        if (Object.keys(set).length === 0) send(socket, { type: "heartbeat", cursor: cursor() });
        else {
          const delta = { values: { set, unset: [] }, flags: untouched, segments: untouched };
          send(socket, { type: "change", previous, cursor: cursor(), revision, hash: hash(audience), ...delta, at });
        }
      }
    },
    down,
    up: async () => {
      server ??= await listen(port);
    },
    subscribers: async () => audiences.size,
    close: down,
  };
}
