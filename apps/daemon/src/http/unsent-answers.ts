import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { HttpLimits } from "./http-limits.ts";

/** The answers that were made and have not left: peers that read slowly, or not at all, hold them. */
export class UnsentAnswers {
  readonly #limits: HttpLimits;
  readonly #waiting = new WeakMap<Duplex, Set<() => void>>();
  #bytes = 0;

  constructor(limits: HttpLimits) {
    this.#limits = limits;
  }

  get isFull(): boolean {
    return this.#bytes > this.#limits.unsentBytesMax;
  }

  /** Counts an answer until it has left or its connection is gone; one that takes too long takes its connection with it. */
  add(socket: Duplex, response: ServerResponse, bytes: number): void {
    if (socket.destroyed) return;
    const waiting = this.#waitingOn(socket);
    const timer = setTimeout(() => socket.destroy(), this.#limits.answerTimeoutMs);
    const forget = () => {
      if (!waiting.delete(forget)) return;
      clearTimeout(timer);
      this.#bytes -= bytes;
    };
    this.#bytes += bytes;
    waiting.add(forget);
    response.once("finish", forget);
  }

  /** An answer behind others on its connection hears nothing of the connection's end: that is told to all of them here. */
  #waitingOn(socket: Duplex): Set<() => void> {
    const known = this.#waiting.get(socket);
    if (known) return known;
    const waiting = new Set<() => void>();
    this.#waiting.set(socket, waiting);
    socket.once("close", () => {
      for (const forget of waiting) forget();
    });
    return waiting;
  }
}
