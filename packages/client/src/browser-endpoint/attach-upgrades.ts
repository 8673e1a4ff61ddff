import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";

/** Takes the upgrade and answers `true`, or leaves it untouched. */
export type TakeUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

/** From Node 24.9 on a server asks this before it treats a request as an upgrade; else it serves it as any other request. */
interface AskingServer extends Server {
  shouldUpgradeCallback?: (request: IncomingMessage) => boolean;
}

/**
 * Offers every upgrade of `server` to `take`. What it leaves belongs to the server's other listeners; where there are none, a WebSocket
 * is refused, so that it does not wait for ever, and a request that merely offers another protocol is served. Returns what stops it.
 */
export function attachUpgrades(server: AskingServer, take: TakeUpgrade): () => void {
  let isAttached = true;
  const isAlone = (): boolean => isAttached && server.listenerCount("upgrade") === 1;
  const offer = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (!take(request, socket, head) && isAlone()) refuse(socket);
  };
  server.on("upgrade", offer);
  const { shouldUpgradeCallback } = server;
  if (shouldUpgradeCallback) {
    // Some clients offer HTTP/2 with every request; without listeners Node ignores that, and so it must stay.
    server.shouldUpgradeCallback = (request) => (isAlone() ? isWebSocket(request) : shouldUpgradeCallback.call(server, request));
  }
  return () => {
    isAttached = false;
    server.off("upgrade", offer);
  };
}

function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === "websocket";
}

function refuse(socket: Duplex): void {
  socket.on("error", () => socket.destroy());
  socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
}
