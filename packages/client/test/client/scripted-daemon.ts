import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

/** One connection as the daemon's side has it. */
export interface ScriptedConnection {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  /** The next message from the client, parsed. */
  message(): Promise<Record<string, unknown>>;
  send(...frames: readonly unknown[]): void;
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
}

/** A real server on a real port whose every answer is the test's. */
export interface ScriptedDaemon {
  readonly url: string;
  readonly port: number;
  readonly requests: IncomingMessage[];
  /** The token that opens it. */
  token: string;
  /** What GET /v1/environments lists. */
  environments: readonly string[];
  /** The next connection. */
  connection(): Promise<ScriptedConnection>;
  close(): Promise<void>;
}

function queue<T>(): { push(item: T): void; take(): Promise<T> } {
  const items: T[] = [];
  const takers: ((item: T) => void)[] = [];
  return {
    push: (item) => {
      const taker = takers.shift();
      if (taker) taker(item);
      else items.push(item);
    },
    take: () => (items.length > 0 ? Promise.resolve(items.shift() as T) : new Promise((resolve) => takers.push(resolve))),
  };
}

/** @param path of a Unix socket to listen on instead of a port */
export async function startScriptedDaemon(path?: string): Promise<ScriptedDaemon> {
  const connections = queue<ScriptedConnection>();
  const requests: IncomingMessage[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(request);
    if (request.headers.authorization !== `Bearer ${daemon.token}`) response.writeHead(401).end();
    else response.end(JSON.stringify({ environments: daemon.environments.map((name) => ({ name })), revision: 1 }));
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, stream, head) => {
    requests.push(request);
    if (request.headers.authorization !== `Bearer ${daemon.token}`) {
      stream.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      const messages = queue<Record<string, unknown>>();
      socket.on("message", (data) => messages.push(JSON.parse((data as Buffer).toString()) as Record<string, unknown>));
      connections.push({
        socket,
        request,
        message: () => messages.take(),
        send: (...frames) => {
          for (const frame of frames) socket.send(JSON.stringify(frame));
        },
        closed: new Promise((resolve) => socket.once("close", resolve)),
      });
    });
  });
  await new Promise<void>((resolve) => (path ? server.listen(path, resolve) : server.listen(0, "127.0.0.1", resolve)));
  const port = path ? 0 : (server.address() as AddressInfo).port;
  const daemon: ScriptedDaemon = {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    token: "sp_test_secret",
    environments: ["base"],
    connection: () => connections.take(),
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return daemon;
}
