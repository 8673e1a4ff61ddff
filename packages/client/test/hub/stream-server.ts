import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { AckFrame, Audience, DownFrame } from "@setpoint/protocol/frames";
import { WebSocket, WebSocketServer } from "ws";
import { createHub, type Hub, resumeCursor, serveEventStream, serveSocket, socketServerOptions } from "../../src/hub/index.ts";
import type { HubLimits, SocketLimits, SubscribedInstance, Timers } from "../../src/hub/index.ts";
import { createModelSource, type ModelSource } from "./model-source.ts";

export interface StreamServer {
  readonly model: ModelSource;
  readonly hub: Hub;
  readonly url: string;
  readonly subscribed: SubscribedInstance[];
  readonly acks: AckFrame[];
  close(): Promise<void>;
}

/** A real server on loopback with a hub over a model, as a daemon mounts it. */
export async function startStreamServer(
  options: {
    readonly limits?: Partial<HubLimits>;
    readonly socketLimits?: Partial<SocketLimits>;
    readonly timers?: Timers;
    readonly model?: ModelSource;
    readonly audiences?: readonly Audience[];
  } = {},
): Promise<StreamServer> {
  const { model = createModelSource(), audiences = ["server", "client"] } = options;
  const hub = createHub(model.source, options.limits, options.timers ? { timers: options.timers } : {});
  const subscribed: SubscribedInstance[] = [];
  const acks: AckFrame[] = [];
  const webSockets = new WebSocketServer(socketServerOptions);
  const server: Server = createServer();
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket.on("close", () => sockets.delete(socket))));

  const projectionOf = (parameters: URLSearchParams) => {
    const environment = parameters.get("environment");
    const namespaces = parameters.get("namespaces")?.split(",");
    return environment
      ? { environment, audience: (parameters.get("audience") ?? "server") as Audience, ...(namespaces && { namespaces }) }
      : undefined;
  };

  server.on("upgrade", (request, stream, head) => {
    const { searchParams } = new URL(request.url ?? "/", "http://server");
    const cursor = searchParams.get("cursor") ?? undefined;
    const projection = projectionOf(searchParams);
    webSockets.handleUpgrade(request, stream, head, (ws) => {
      serveSocket(ws, hub, {
        stream,
        ...(projection && { initial: { projection, ...(cursor && { cursor }) } }),
        admit(wanted) {
          if (!["base", "other"].includes(wanted.environment)) {
            return { ok: false, code: "environment_not_found", detail: `There is no environment ${wanted.environment}.` };
          }
          if (!audiences.includes(wanted.audience)) return { ok: false, code: "access_denied", detail: "Not this audience." };
          return { ok: true, projection: wanted };
        },
        onSubscribe: (one) => subscribed.push(one),
        onAck: (ack) => acks.push(ack),
        ...(options.socketLimits && { limits: options.socketLimits }),
      });
    });
  });
  server.on("request", (request, response) => {
    const { searchParams } = new URL(request.url ?? "/", "http://server");
    const resume = resumeCursor(request.headers, searchParams.get("cursor") ?? undefined);
    const projection = projectionOf(searchParams);
    if (!resume.ok || !projection) response.writeHead(400).end();
    else serveEventStream(response, hub, { projection, ...(resume.cursor !== undefined && { cursor: resume.cursor }) });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    model,
    hub,
    url: `127.0.0.1:${port}/v1/stream`,
    subscribed,
    acks,
    async close() {
      hub.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** One WebSocket as a test drives it. */
export interface TestSocket {
  readonly ws: WebSocket;
  /** The next frame, in order. Rejects when the connection ends first. */
  next(): Promise<DownFrame>;
  /** The next frame that is one of the type. */
  nextOf<Type extends DownFrame["type"]>(type: Type): Promise<Extract<DownFrame, { type: Type }>>;
  send(frame: object | string): void;
  /** The close code. */
  readonly closed: Promise<number>;
  /** Frames that came and were not asked for. */
  pending(): readonly DownFrame[];
}

export async function connect(address: string, protocols: string[] = []): Promise<TestSocket> {
  const ws = new WebSocket(`ws://${address}`, protocols, { perMessageDeflate: false });
  const frames: DownFrame[] = [];
  const waiting: { resolve: (frame: DownFrame) => void; reject: (error: Error) => void }[] = [];
  let isClosed = false;
  ws.on("message", (data) => {
    const frame = JSON.parse((data as Buffer).toString()) as DownFrame;
    const first = waiting.shift();
    if (first) first.resolve(frame);
    else frames.push(frame);
  });
  const closed = new Promise<number>((resolve) =>
    ws.on("close", (code) => {
      isClosed = true;
      for (const { reject } of waiting.splice(0)) reject(new Error(`closed with ${code}`));
      resolve(code);
    }),
  );
  await new Promise((resolve, reject) => {
    ws.once("open", resolve);
    ws.once("error", reject);
  });
  ws.on("error", () => {});
  const next = () => {
    const frame = frames.shift();
    if (frame) return Promise.resolve(frame);
    if (isClosed) return Promise.reject(new Error("closed"));
    return new Promise<DownFrame>((resolve, reject) => waiting.push({ resolve, reject }));
  };
  return {
    ws,
    next,
    async nextOf<Type extends DownFrame["type"]>(type: Type) {
      for (;;) {
        const frame = await next();
        if (frame.type === type) return frame as Extract<DownFrame, { type: Type }>;
      }
    },
    send: (frame) => ws.send(typeof frame === "string" ? frame : JSON.stringify(frame)),
    closed,
    pending: () => frames,
  };
}
