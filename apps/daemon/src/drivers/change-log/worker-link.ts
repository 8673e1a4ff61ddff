import { SetpointError } from "@setpoint/core";
import type { Worker } from "node:worker_threads";
import type { StoreReply, StoreRequest } from "./sqlite-worker.ts";

/** The methods of a thing that lives in a worker, as promises. */
export interface WorkerLink<Calls> {
  call<Name extends keyof Calls & StoreRequest["call"]>(
    name: Name,
    ...parameters: Calls[Name] extends (...parameters: infer Parameters) => unknown ? Parameters : never
  ): Promise<Calls[Name] extends (...parameters: never) => infer Result ? Result : never>;
  /** Calls `close` behind everything that is queued, then ends the worker; later calls reject. */
  close(): Promise<void>;
}

interface Waiting {
  readonly name: StoreRequest["call"];
  readonly resolve: (result: unknown) => void;
  readonly reject: (fault: SetpointError) => void;
}

/**
 * Sends calls to a worker, which answers them in order. A worker that dies takes its calls with it: they reject with
 * `outcome_unknown` (append) or `store_unavailable` (all others), and the next call starts another.
 */
export function linkWorker<Calls>(start: (attempt: "first" | "again") => Worker): WorkerLink<Calls> {
  let worker: Worker | undefined;
  let attempt: "first" | "again" = "first";
  let lastId = 0;
  let closing: Promise<void> | undefined;
  const waiting = new Map<number, Waiting>();

  function startWorker(): Worker {
    const started = start(attempt);
    attempt = "again";
    let death: unknown;
    started.on("message", settle);
    started.on("error", (error) => (death = error));
    started.on("exit", () => {
      worker = undefined;
      const lost = [...waiting.values()];
      waiting.clear();
      for (const { name, reject } of lost) reject(lossOf(name, death));
    });
    worker = started;
    return started;
  }

  function settle(reply: StoreReply): void {
    const call = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.ok) call?.resolve(reply.result);
    else call?.reject(new SetpointError(reply.code, reply.detail, { cause: reply.cause }));
  }

  function send(name: StoreRequest["call"], parameters: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      lastId += 1;
      waiting.set(lastId, { name, resolve, reject });
      (worker ?? startWorker()).postMessage({ id: lastId, call: name, parameters } satisfies StoreRequest);
    });
  }

  async function end(): Promise<void> {
    if (!worker) return;
    await send("close", []);
    await worker?.terminate();
  }

  return {
    call(name, ...parameters) {
      if (closing) return Promise.reject(new SetpointError("store_unavailable", "The change log is closed."));
      return send(name, parameters) as never;
    },
    close: () => (closing ??= end()),
  };
}

function lossOf(name: StoreRequest["call"], cause: unknown): SetpointError {
  return name === "append"
    ? new SetpointError("outcome_unknown", "The store's thread died, and does not say whether it had committed.", { cause })
    : new SetpointError("store_unavailable", "The store's thread died before it answered.", { cause });
}
