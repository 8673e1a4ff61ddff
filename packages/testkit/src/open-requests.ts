import { AsyncLocalStorage } from "node:async_hooks";
import type { Json } from "@setpoint/core";
import { valueAtPath, type ContractBrowserState, type ContractSightings, type ContractUnit } from "./adapter-contract.ts";

/** What a handler can tell about its request. */
export interface RequestParts {
  readonly config: () => unknown;
  readonly currentConfig: () => unknown;
  readonly context: Readonly<Record<string, Json | undefined>>;
  readonly forBrowser: () => ContractBrowserState | undefined;
}

/** Requests of a server under contract that stay open until the test has seen enough of them. */
export interface OpenRequests {
  /** For the route's handler: resolves when the request is to be answered. */
  held(parts: RequestParts): Promise<void>;
  /** Sends a request to the route and resolves when its handler has begun. */
  begin(url: string, options?: { readonly user?: string }): Promise<ContractUnit>;
  /** One request after the other, until it is stopped. */
  watch(url: string, keys: readonly string[]): Promise<ContractSightings>;
}

/** One per server: its requests are told apart by the order in which they arrive, so `begin` is not called twice at a time. */
export function createOpenRequests(): OpenRequests {
  let arrive: ((unit: Omit<ContractUnit, "finish">, answer: () => void) => void) | undefined;
  /** Begins one after the other, whoever asks. */
  let turn: Promise<unknown> = Promise.resolve();

  async function held({ config, currentConfig, context, forBrowser }: RequestParts): Promise<void> {
    await Promise.resolve(); // a handler's own context, not its first line's
    const current = AsyncLocalStorage.bind(currentConfig);
    const { promise, resolve } = Promise.withResolvers<void>();
    const unit = {
      read: (key: string) => valueAtPath(config(), key),
      readCurrent: (key: string) => valueAtPath(current(), key),
      branch: (path: string) => valueAtPath(config(), path),
      context: () => context,
      forBrowser,
    };
    arrive?.(unit, resolve);
    return promise;
  }

  async function send(url: string, user: string | undefined): Promise<ContractUnit> {
    const { promise: arrived, resolve, reject } = Promise.withResolvers<ContractUnit>();
    arrive = (unit, answer) => {
      const finish = async () => {
        answer();
        await answered;
      };
      resolve({ ...unit, finish });
    };
    const answered = fetch(url, user === undefined ? {} : { headers: { "x-user": user } }).then(async (response) => {
      const text = await response.text();
      if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
    });
    answered.catch(reject);
    return arrived;
  }

  const begin: OpenRequests["begin"] = (url, options = {}) => {
    const begun = turn.then(() => send(url, options.user));
    turn = begun.catch(() => undefined);
    return begun;
  };

  async function watch(url: string, keys: readonly string[]): Promise<ContractSightings> {
    const branches = keys.map((key) => key.slice(0, key.lastIndexOf(".")));
    const seen: unknown[][] = [];
    let last: unknown[] = [];
    const look = async () => {
      const unit = await begin(url);
      const given = branches.map((branch) => unit.branch(branch));
      if (!seen.length || given.some((branch, index) => branch !== last[index])) seen.push(keys.map((key) => unit.read(key)));
      last = given;
      await unit.finish();
    };
    let isStopped = false;
    await look();
    const looking = (async () => {
      while (!isStopped) await look();
    })();
    return {
      seen,
      settled: look,
      stop: async () => {
        isStopped = true;
        await looking;
      },
    };
  }

  return { held, begin, watch };
}
