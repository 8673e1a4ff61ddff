import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { ErrorCode, Json } from "@setpoint/core";
import type { Cursor } from "@setpoint/protocol/frames";
import { WebSocketServer } from "ws";
import { resumeCursor, serveEventStream } from "../hub/event-stream.ts";
import type { Projection } from "../hub/frame-source.ts";
import { createHub } from "../hub/hub.ts";
import type { HubLimits } from "../hub/hub-limits.ts";
import { serveSocket, type SocketLimits } from "../hub/socket.ts";
import { socketServerOptions } from "../hub/socket-server-options.ts";
import { systemTimers, type Timers } from "../hub/timers.ts";
import type { FrameFeed, ScopeContext, ServerClient } from "../types.ts";
import { createFeedSource } from "./feed-source.ts";
import { refuseRequest, refuseUpgrade, targetOf } from "./refusal.ts";
import { isOwnOrigin } from "./same-origin.ts";

/** Where the page's script connects unless it is told otherwise. */
export const browserPathDefault = "/setpoint/stream";

export interface BrowserEndpointLimits {
  /** Browsers connected at once; one more is told to come back. */
  readonly connectionsMax: number;
  /** How long a browser waits for the first state before it is told to come back. */
  readonly readyTimeoutMs: number;
}

export const defaultBrowserEndpointLimits: BrowserEndpointLimits = { connectionsMax: 10_000, readyTimeoutMs: 10_000 };

/** What a page is rendered with, so that its first paint shows the values in force. */
export interface BrowserState {
  readonly cursor: Cursor;
  readonly values: Readonly<Record<string, Json>>;
  readonly flags: Readonly<Record<string, Json>>;
}

export interface BrowserEndpointSettings {
  readonly path?: string;
  /** Whom a request is for. Frames that depend on a person are not sent yet; what an adapter is given, it hands in here. */
  readonly context?: (request: IncomingMessage) => ScopeContext | Promise<ScopeContext>;
  /** Origins besides the page's own, as browsers write them. */
  readonly allowedOrigins?: readonly string[];
  readonly limits?: Partial<BrowserEndpointLimits & HubLimits & SocketLimits>;
  readonly timers?: Timers;
}

/** With a `client` the endpoint opens, and closes, a feed of its own. */
export type BrowserEndpointOptions = BrowserEndpointSettings &
  ({ readonly feed: FrameFeed } | { readonly client: Pick<ServerClient, "feed"> });

/** The stream for browsers, on the application's own server. */
export interface BrowserEndpoint {
  readonly path: string;
  /** Takes a request for the path (an event stream); false = it is somebody else's. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  /** Takes an upgrade of the path; false = it is somebody else's, and nothing was done to the socket. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): boolean;
  /** The state now; `undefined` before the first. */
  forBrowser(): BrowserState | undefined;
  /** Tells every browser to come back, and resolves when all are gone. */
  close(): Promise<void>;
}

/** The feed is one projection; its environment is the client's, and no browser is told its name. */
const own: Projection = { environment: "own", audience: "client" };

/**
 * Serves browsers from one feed of audience `client`: the same frames, cursors and hashes, so that a browser can resume at any instance
 * of the application. Whatever environment, namespaces or audience a browser names, it gets the feed's. Same origin only; who may
 * see the page may see its values.
 */
export function createBrowserEndpoint(options: BrowserEndpointOptions): BrowserEndpoint {
  const { path = browserPathDefault, allowedOrigins = [], timers = systemTimers } = options;
  const limits = { ...defaultBrowserEndpointLimits, ...options.limits };
  const feed = "feed" in options ? options.feed : options.client.feed({ audience: "client" });
  const { source, close: stopSource } = createFeedSource(feed);
  const hub = createHub(source, options.limits, { timers });
  const server = new WebSocketServer(socketServerOptions);
  const gone = new Set<Promise<unknown>>();
  const waiting = new Set<() => void>();
  let isClosed = false;

  const track = (closed: Promise<unknown>) => {
    gone.add(closed);
    void closed.finally(() => gone.delete(closed));
  };

  /** Why a request is refused whatever follows. */
  const refusalOf = (request: IncomingMessage): readonly [ErrorCode, string] | undefined => {
    if (!isOwnOrigin(request.headers, allowedOrigins)) return ["origin_refused", "This stream is for the page's own origin."];
    if (request.method !== "GET") return ["method_not_allowed", "The stream takes GET."];
    if (isClosed || gone.size >= limits.connectionsMax) return ["upstream_unavailable", "No more browsers are taken just now."];
    return undefined;
  };

  const cursorOf = (request: IncomingMessage, target: URL) => {
    const given = target.searchParams.getAll("cursor");
    if (given.length > 1) return { ok: false, code: "invalid_request", detail: "The parameter cursor stands twice." } as const;
    return resumeCursor(request.headers, given[0]);
  };

  /** Calls back once the feed has a state; says so when it has none in time. */
  const whenReady = (run: (isReady: boolean) => void) => {
    if (feed.state()) {
      run(true);
      return;
    }
    const answer = () => {
      if (!waiting.delete(answer)) return;
      callOff();
      run(feed.state() !== undefined && !isClosed);
    };
    waiting.add(answer);
    const callOff = timers.after(limits.readyTimeoutMs, answer);
    void feed.ready.then(answer);
  };

  // From the first state on, so that a browser can go on here with what it was sent elsewhere.
  const keep = () => {
    if (feed.state() && !isClosed) hub.keep(own);
  };
  keep();
  void feed.ready.then(keep);

  const admit = () => ({ ok: true, projection: own }) as const;

  return {
    path,
    handle(request, response) {
      const target = targetOf(request);
      if (target?.pathname !== path) return false;
      const refusal = refusalOf(request);
      if (refusal) {
        refuseRequest(response, ...refusal);
        return true;
      }
      const resume = cursorOf(request, target);
      if (!resume.ok) refuseRequest(response, resume.code, resume.detail);
      else if (!accepts(request, "text/event-stream"))
        refuseRequest(response, "invalid_request", "Connect a WebSocket, or accept text/event-stream.");
      else {
        const { cursor } = resume;
        track(new Promise((resolve) => response.once("close", resolve)));
        whenReady((isReady) => {
          if (response.destroyed) return;
          if (isReady) serveEventStream(response, hub, { projection: own, ...(cursor !== undefined && { cursor }) });
          else refuseRequest(response, "upstream_unavailable", "No values have been received yet.");
        });
      }
      return true;
    },
    upgrade(request, stream, head) {
      const target = targetOf(request);
      if (target?.pathname !== path) return false;
      stream.on("error", () => stream.destroy());
      const refusal = refusalOf(request);
      if (refusal) {
        refuseUpgrade(stream, ...refusal);
        return true;
      }
      const resume = cursorOf(request, target);
      if (!resume.ok) {
        refuseUpgrade(stream, resume.code, resume.detail);
        return true;
      }
      const { cursor } = resume;
      track(new Promise((resolve) => stream.once("close", resolve)));
      whenReady((isReady) => {
        if (stream.destroyed) return;
        if (!isReady) {
          refuseUpgrade(stream, "upstream_unavailable", "No values have been received yet.");
          return;
        }
        server.handleUpgrade(request, stream, head, (ws) => {
          const initial = cursor === undefined ? {} : { initial: { projection: own, cursor } };
          serveSocket(ws, hub, { stream, admit, ...initial, ...(options.limits && { limits: options.limits }) });
        });
      });
      return true;
    },
    forBrowser() {
      const state = feed.state();
      return state && { cursor: state.cursor, values: state.values, flags: state.flags };
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      for (const answer of waiting) answer();
      hub.drain("The server restarts.", 1_000);
      await Promise.all(gone);
      hub.close();
      stopSource();
      if (!("feed" in options)) await feed.close();
    },
  };
}

function accepts(request: IncomingMessage, type: string): boolean {
  return (request.headers.accept ?? "").split(",").some((part) => part.split(";")[0]?.trim().toLowerCase() === type);
}
