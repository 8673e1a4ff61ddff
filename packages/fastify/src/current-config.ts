import { AsyncLocalStorage } from "node:async_hooks";
import type { RegisteredConfig } from "./register.ts";

const requests = new AsyncLocalStorage<RegisteredConfig>();

/**
 * The configuration of the request that this code runs for: the same object as `request.config`. `undefined` outside of a request,
 * and behind a library that loses the asynchronous context (some body parsers do), so prefer `request.config` where it is at hand.
 */
export function currentConfig(): RegisteredConfig | undefined {
  return requests.getStore();
}

/** Runs `next`, and whatever it starts, with `config` as the current one. */
export function runWithConfig(config: RegisteredConfig, next: () => void): void {
  requests.run(config, next);
}
