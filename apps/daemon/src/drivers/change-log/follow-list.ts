import type { Head } from "../../ports/change-log.ts";

/** The listeners of a log, in the order they came. */
export interface FollowList {
  /** Adds a listener; returns what removes it. */
  follow(listener: (head: Head) => void): () => void;
  announce(head: Head): void;
}

/** An empty list. A listener that throws fails the process, not the append it was told of: that one is durable. */
export function createFollowList(): FollowList {
  const listeners = new Set<{ readonly call: (head: Head) => void }>();
  return {
    follow(call) {
      const listener = { call };
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    announce(head) {
      for (const { call } of listeners) {
        try {
          call(head);
        } catch (error) {
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    },
  };
}
