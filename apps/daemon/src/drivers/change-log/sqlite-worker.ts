import { parentPort, workerData } from "node:worker_threads";
import type { ErrorCode } from "@setpoint/core";
import { createSqliteStore } from "./sqlite-store.ts";
import type { SqliteStore } from "./sqlite-store.ts";
import type { SqliteSettings } from "./sqlite-settings.ts";
import { StoreError } from "./store-error.ts";

// The store's thread. Calls are answered one after the other, in the order they came.

export interface StoreRequest {
  readonly id: number;
  readonly call: keyof SqliteStore;
  readonly parameters: readonly unknown[];
}

export type StoreReply =
  | { readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly id: number; readonly ok: false; readonly code: ErrorCode; readonly detail: string; readonly cause?: unknown };

const port = parentPort;
if (!port) throw new Error("The store's module is started as a worker.");
const settings = workerData as SqliteSettings;
const store = createSqliteStore(settings);
let idle: NodeJS.Timeout | undefined;

port.on("message", (request: StoreRequest) => {
  port.postMessage(answer(request));
  // After the answer, so that nobody waits for it.
  if (request.call === "append") tidy();
  if (request.call === "close") {
    clearTimeout(idle);
    port.close();
  }
});

function answer({ id, call, parameters }: StoreRequest): StoreReply {
  try {
    const method = store[call] as (...parameters: readonly unknown[]) => unknown;
    return { id, ok: true, result: method(...parameters) };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { id, ok: false, code: error.code, detail: error.message, cause: error.cause };
  }
}

function tidy(): void {
  store.tidy("grown");
  idle ??= setTimeout(() => store.tidy("idle"), settings.idleTidyMs).unref();
  idle.refresh();
}
