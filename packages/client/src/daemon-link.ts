import { streamSubprotocol } from "@setpoint/protocol/frames";
import { WebSocket } from "ws";
import { type DaemonAddress, discoverDaemon, type DiscoverOptions } from "./discover.ts";
import { sendRequest } from "./http-request.ts";
import type { Link, LinkEvents, OpenLink, Subscription } from "./link.ts";
import type { Replica } from "./replica.ts";

export interface DaemonLinkOptions extends DiscoverOptions {
  /** Without `environment` the daemon's default one, which then stays. */
  readonly subscription: Partial<Subscription>;
  /** Whose state is acknowledged after each frame; absent = nothing is. */
  readonly acknowledged?: Replica;
}

/** Largest frame that is taken, bytes. */
const frameBytesMax = 64 * 1024 * 1024;
const handshakeTimeoutMs = 10_000;
/** How long a daemon gets to answer a farewell before the socket is cut. */
const closeTimeoutMs = 1_000;

/**
 * Links to a daemon that is looked for anew at each attempt: it may start later, move, or have its token replaced. Its Unix socket
 * is tried first; where that fails, the next attempt goes over TCP.
 */
export function createDaemonLink({ subscription, acknowledged, ...where }: DaemonLinkOptions): OpenLink {
  let environment = subscription.environment;
  let isSocketBad = false;

  const locate = (): DaemonAddress => {
    const found = discoverDaemon(where);
    if ("problem" in found) throw new Error(found.problem);
    const { socketPath, ...address } = found;
    return socketPath && !isSocketBad ? { ...address, socketPath } : address;
  };

  return (events) => {
    let socket: WebSocket | undefined;
    let isClosed = false;
    let closing: Promise<void> | undefined;
    const fail = (reason: string): void => {
      if (!isClosed) events.onclose({ reason });
    };
    const start = async (): Promise<void> => {
      // Nothing is reported from inside the call that opened the link.
      await Promise.resolve();
      if (isClosed) return;
      const address = locate();
      isSocketBad = address.socketPath !== undefined;
      environment ??= await readDefaultEnvironment(address);
      if (isClosed) return;
      socket = openSocket(address);
      socket.once("open", () => {
        isSocketBad = false;
      });
      attach(socket, events, { ...subscription, environment }, acknowledged);
    };
    start().catch((error: unknown) => fail(wordsOf(error)));
    return {
      send: (text) => socket?.send(text),
      close: () => {
        isClosed = true;
        closing ??= socket && closeSocket(socket);
        return closing;
      },
    } satisfies Link;
  };
}

function openSocket({ url, token, socketPath }: DaemonAddress): WebSocket {
  return new WebSocket(streamUrl(url, socketPath), streamSubprotocol, {
    perMessageDeflate: false,
    maxPayload: frameBytesMax,
    handshakeTimeout: handshakeTimeoutMs,
    followRedirects: false,
    headers: { authorization: `Bearer ${token}` },
  });
}

/** A path that a `ws+unix:` URL would not keep as it is goes over TCP. */
function streamUrl(url: string, socketPath: string | undefined): string {
  if (socketPath && !socketPath.includes(":") && new URL(`ws+unix:${socketPath}`).pathname === socketPath) {
    return `ws+unix:${socketPath}:/v1/stream`;
  }
  return `${url.replace(/^http/, "ws")}/v1/stream`;
}

function attach(socket: WebSocket, events: LinkEvents, subscription: Subscription, acknowledged: Replica | undefined): void {
  let reason = "";
  let acknowledgedCursor: string | undefined;
  socket.on("open", () => events.onopen({ subscription }));
  socket.on("message", (data, isBinary) => {
    events.onmessage({ data: isBinary ? undefined : (data as Buffer).toString() });
    const { cursor, hash } = acknowledged ?? {};
    if (cursor === acknowledgedCursor || socket.readyState !== WebSocket.OPEN) return;
    acknowledgedCursor = cursor;
    socket.send(JSON.stringify({ type: "ack", cursor, hash, status: "applied" }));
  });
  socket.on("unexpected-response", (_request, response) => {
    reason = refusalWords(response.statusCode ?? 0);
    socket.terminate();
  });
  socket.on("error", (error) => {
    reason ||= wordsOf(error);
  });
  socket.on("close", (code, text) => events.onclose({ reason: reason || closeWords(code, text.toString()) }));
}

/** Says goodbye, and cuts the line where nobody answers; nothing is reported from here on. Called once for a socket. */
function closeSocket(socket: WebSocket): Promise<void> {
  socket.removeAllListeners();
  // Closing an attempt that has not opened yet makes an error of it.
  socket.on("error", () => {});
  return new Promise((resolve) => {
    if (socket.readyState === WebSocket.CLOSED) return resolve();
    const timer = setTimeout(() => socket.terminate(), closeTimeoutMs);
    socket.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
    if (socket.readyState === WebSocket.CONNECTING) socket.terminate();
    else socket.close(1000);
  });
}

async function readDefaultEnvironment(address: DaemonAddress): Promise<string> {
  const { status, text } = await sendRequest(address, { method: "GET", path: "/v1/environments", timeoutMs: handshakeTimeoutMs });
  if (status !== 200) throw new Error(refusalWords(status));
  // The daemon lists its default environment first.
  const name: unknown = (JSON.parse(text) as { environments?: { name?: unknown }[] }).environments?.[0]?.name;
  if (typeof name !== "string") throw new Error("The daemon lists no environment.");
  return name;
}

function refusalWords(status: number): string {
  if (status === 401) return "The daemon refused the token (401).";
  if (status === 403) return "The token may not subscribe here (403).";
  return `The daemon answered ${status}.`;
}

function closeWords(code: number, text: string): string {
  return text === "" ? `closed with ${code}` : `closed with ${code}: ${text}`;
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A refused connection to a name with several addresses has its words inside.
  return error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0].message : error.message;
}
