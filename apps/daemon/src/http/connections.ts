import type { Server } from "node:http";
import type { Duplex } from "node:stream";

export const connectionLimits = {
  /** How long a connection's last words may take to leave. */
  lastWordsMs: 1_000,
} as const;

/** The open connections of one listener, those included that were upgraded: Node's own closing forgets them. */
export class Connections {
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket: Duplex) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  /** Takes no more connections and waits for those that are open; what is left after `timeoutMs` is cut. */
  async close(timeoutMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      if (this.#server.listening) this.#server.close(() => resolve());
      else resolve();
    });
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, timeoutMs);
    await closed.finally(() => clearTimeout(timer));
  }
}

/** Ends a connection with an answer; a peer that keeps its half open, or never reads, is cut soon after. */
export function endConnection(socket: Duplex, lastWords: string): void {
  socket.on("error", () => socket.destroy());
  const timer = setTimeout(() => socket.destroy(), connectionLimits.lastWordsMs);
  socket.on("close", () => clearTimeout(timer));
  // What the peer still sends is read and thrown away: cut off with bytes unread, it would not hear the answer.
  socket.resume();
  socket.end(lastWords);
}
