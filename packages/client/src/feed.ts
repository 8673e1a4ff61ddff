import type { Json } from "@setpoint/core";
import type { Audience, DownFrame } from "@setpoint/protocol/frames";
import type { Clock } from "./clock.ts";
import { connect } from "./connection.ts";
import type { OpenLink } from "./link.ts";
import { createServerReplica } from "./server-replica.ts";
import type { FeedState, FrameFeed } from "./types.ts";

/** A verified copy of a projection that hands its frames on. */
export function createFeed(open: OpenLink, clock: Clock, audience: Audience): FrameFeed {
  const listeners = new Set<(frame: DownFrame) => void>();
  const livenessListeners = new Set<(isLive: boolean) => void>();
  let isLive = false;
  let state: FeedState | undefined;
  const { replica, records } = createServerReplica(audience, (frame) => {
    state = undefined;
    tell(listeners, frame);
  });
  const showLive = (next: boolean): void => {
    if (next === isLive) return;
    isLive = next;
    tell(livenessListeners, isLive);
  };
  let resolveReady: () => void;
  const ready = new Promise<void>((resolve) => {
    resolveReady = resolve;
  });
  const stop = connect(open, clock, replica, ({ state: connection }) => {
    if (replica.cursor) resolveReady();
    showLive(connection === "live");
  });
  return {
    ready,
    get isLive() {
      return isLive;
    },
    state() {
      const { cursor, hash } = replica;
      if (!cursor || !hash) return undefined;
      state ??= {
        cursor,
        revision: Number.parseInt(cursor, 10),
        hash,
        values: asObject(records.value),
        flags: asObject(records.flag),
        segments: asObject(records.segment),
      };
      return state;
    },
    frames: (listener) => listen(listeners, listener),
    liveness: (listener) => listen(livenessListeners, listener),
    close: async () => {
      showLive(false);
      resolveReady();
      await stop();
    },
  };
}

/** Adds the listener for as long as what it returns is not called, beside any other use of the same function. */
function listen<Told>(listeners: Set<(told: Told) => void>, listener: (told: Told) => void): () => void {
  const own = (told: Told): void => listener(told);
  listeners.add(own);
  return () => listeners.delete(own);
}

/** A listener's fault is its own: it surfaces as an unhandled rejection. */
function tell<Told>(listeners: ReadonlySet<(told: Told) => void>, told: Told): void {
  for (const listener of listeners) void new Promise(() => listener(told));
}

function asObject(records: ReadonlyMap<string, Json> | undefined): Readonly<Record<string, Json>> {
  return Object.fromEntries(records ?? []);
}
