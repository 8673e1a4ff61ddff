import { type Json, keyMatcher } from "@setpoint/core";
import type { ConfigTree } from "@setpoint/core/replica";
import { iterateChanges } from "../changes.ts";
import type { Clock } from "../clock.ts";
import { connect } from "../connection.ts";
import { createFeed } from "../feed.ts";
import { createLiveClient } from "../live-client.ts";
import { createServerReplica } from "../server-replica.ts";
import type { InitialState, KeyOf, ServerClient, ValueAt } from "../types.ts";
import { createMemoryDaemon } from "./memory-daemon.ts";

export interface TestClientOptions {
  /** Patterns of the keys that a feed of audience `client` shows. Default: none. */
  readonly clientKeys?: readonly string[];
  readonly initial?: InitialState;
  /** `false` = as if no daemon had been reached yet, until `reconnect`. Default: true. */
  readonly connected?: boolean;
}

/** A client whose daemon is in memory: real frames, real replica, no line, no time. Everything it is told shows at once. */
export interface TestClient<Config = ConfigTree> extends ServerClient<Config> {
  set<Key extends KeyOf<Config>>(key: Key, value: ValueAt<Config, Key>): void;
  set(key: string, value: Json): void;
  unset(key: string): void;
  /** Several keys in one commit; `undefined` unsets. */
  commit(values: Readonly<Record<string, Json | undefined>>): void;
  /** Ends the connection: the client is stale and shows what it knows, whatever is set meanwhile. */
  disconnect(reason?: string): void;
  /** Brings it back in step. */
  reconnect(): void;
}

/** @param values flat, e.g. `{ "shop.maxItems": 10 }` */
export function createTestClient<Config = ConfigTree>(
  values: Readonly<Record<string, Json>> = {},
  { clientKeys = [], initial, connected = true }: TestClientOptions = {},
): TestClient<Config> {
  const daemon = createMemoryDaemon();
  daemon.commit(values);
  const { clock, runDue } = createStoppedClock();
  const matchers = clientKeys.map((pattern) => keyMatcher(pattern));
  const isForClients = (key: string): boolean => matchers.some((matches) => matches?.(key));

  const { replica } = createServerReplica("server");
  const line = daemon.line(() => true);
  const client = createLiveClient<Config>((report) => connect(line, clock, replica, report), clock, replica, initial);
  const feeds = new Set<() => Promise<void>>();
  const { close } = client;
  let isConnected = connected;
  if (isConnected) daemon.pickUp();

  const commit = (changed: Readonly<Record<string, Json | undefined>>): void => daemon.commit(changed);
  return Object.assign(client, {
    changes: (pattern?: string, how?: { readonly signal?: AbortSignal }) => iterateChanges(client, pattern, how),
    feed: ({ audience }: Parameters<ServerClient["feed"]>[0]) => {
      const feed = createFeed(daemon.line(audience === "client" ? isForClients : () => true), clock, audience);
      feeds.add(feed.close);
      if (isConnected) daemon.pickUp();
      return feed;
    },
    set: (key: string, value: Json) => commit({ [key]: value }),
    unset: (key: string) => commit({ [key]: undefined }),
    commit,
    disconnect: (reason = "disconnected") => {
      isConnected = false;
      daemon.hangUp(reason);
    },
    reconnect: () => {
      if (isConnected) return;
      isConnected = true;
      runDue();
      daemon.pickUp();
    },
    close: async () => {
      await Promise.all([close(), ...[...feeds].map((end) => end())]);
    },
  }) as TestClient<Config>;
}

/** Time stands still: only what waits for no time at all runs, when it is asked to. */
function createStoppedClock(): { readonly clock: Clock; readonly runDue: () => void } {
  const due = new Set<unknown>();
  const clock: Clock = {
    now: Date.now,
    backOff: () => 0,
    after: (delayMs, run, former) => {
      due.delete(former);
      const timer = { run };
      if (delayMs === 0) due.add(timer);
      return timer;
    },
  };
  return {
    clock,
    runDue: () => {
      const timers = [...due] as { run: () => void }[];
      due.clear();
      for (const { run } of timers) run();
    },
  };
}
