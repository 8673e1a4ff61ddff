import type { DownFrame, SnapshotFrame, SnapshotReason } from "@setpoint/protocol/frames";
import type { FeedState, FrameFeed } from "../../src/types.ts";
import type { ModelSource } from "../hub/model-source.ts";

/** A feed over a model, as a client of one instance holds it: it follows, beats and can be cut off and put back. */
export interface ModelFeed extends FrameFeed {
  /** The upstream's heartbeat. */
  beat(): void;
  disconnect(): void;
  /** Subscribes anew and is given the whole state. */
  resynchronise(reason: SnapshotReason): void;
}

const projection = { environment: "base", audience: "client" } as const;

/** @param isReady false = it has no state until `resynchronise` */
export function createModelFeed(model: ModelSource, { isReady = true }: { readonly isReady?: boolean } = {}): ModelFeed {
  const listeners = new Set<(frame: DownFrame) => void>();
  const livenessListeners = new Set<(isLive: boolean) => void>();
  const becameReady = Promise.withResolvers<void>();
  let state: FeedState | undefined;
  let stop = () => {};
  let isLive = false;

  const hand = (frame: DownFrame) => {
    for (const listener of listeners) listener(frame);
  };
  const showLive = (next: boolean) => {
    isLive = next;
    for (const listener of livenessListeners) listener(isLive);
  };
  const connect = (reason: SnapshotReason) => {
    const snapshot: SnapshotFrame = { ...model.source.snapshot(projection), reason };
    state = snapshot;
    stop = model.source.follow(projection, ({ frame }) => {
      if (!frame) return;
      state = { ...model.source.snapshot(projection), cursor: frame.cursor, revision: frame.revision };
      hand(frame);
    });
    hand(snapshot);
    becameReady.resolve();
    showLive(true);
  };
  if (isReady) connect("first");

  return {
    ready: becameReady.promise,
    get isLive() {
      return isLive;
    },
    state: () => state,
    frames(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    liveness(listener) {
      livenessListeners.add(listener);
      return () => livenessListeners.delete(listener);
    },
    async close() {
      stop();
    },
    beat() {
      const { cursor, revision } = model.source.head();
      if (state) state = { ...state, cursor, revision };
      hand({ type: "heartbeat", cursor });
    },
    disconnect() {
      stop();
      showLive(false);
    },
    resynchronise(reason) {
      stop();
      connect(reason);
    },
  };
}
