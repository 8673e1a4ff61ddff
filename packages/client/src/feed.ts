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
  let state: FeedState | undefined;
  const { replica, records } = createServerReplica(audience, (frame) => {
    state = undefined;
    // A listener's fault is its own: it surfaces as an unhandled rejection.
    for (const listener of listeners) void new Promise(() => listener(frame));
  });
  let resolveReady: () => void;
  const ready = new Promise<void>((resolve) => {
    resolveReady = resolve;
  });
  const stop = connect(open, clock, replica, () => {
    if (replica.cursor) resolveReady();
  });
  return {
    ready,
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
    frames(listener) {
      const own = (frame: DownFrame): void => listener(frame);
      listeners.add(own);
      return () => listeners.delete(own);
    },
    close: async () => stop(),
  };
}

function asObject(records: ReadonlyMap<string, Json> | undefined): Readonly<Record<string, Json>> {
  return Object.fromEntries(records ?? []);
}
