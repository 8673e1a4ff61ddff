import type { Writable } from "node:stream";
import { joinedBytesMax } from "./frame-text.ts";
import type { QueuedBytes } from "./queued-bytes.ts";

/** Writes to a stream and knows when all of it has left. */
export interface CountedWrites {
  /** Writes the pieces in order, in as few writes as is worth it. */
  readonly write: (pieces: readonly Uint8Array[]) => void;
  /** Calls once, never from inside this call, when nothing written is left here. */
  readonly whenWritten: (run: () => void) => void;
  /** The stream is gone: what has not left never will, and not every stream says so of each write. */
  readonly forget: () => void;
}

/** @param queued where everything written counts until it has left */
export function createCountedWrites(stream: Writable, queued: QueuedBytes): CountedWrites {
  const unwritten = new Set<() => void>();
  let waiting: (() => void)[] = [];
  const writeOne = (bytes: Uint8Array) => {
    const letGo = queued.hold(bytes);
    unwritten.add(letGo);
    stream.write(bytes, () => {
      if (!unwritten.delete(letGo)) return;
      letGo();
      if (unwritten.size > 0) return;
      const ready = waiting;
      waiting = [];
      for (const run of ready) run();
    });
  };
  return {
    write(pieces) {
      let small: Uint8Array[] = [];
      const writeSmall = () => {
        const [only] = small;
        if (only) writeOne(small.length === 1 ? only : Buffer.concat(small));
        small = [];
      };
      for (const piece of pieces) {
        if (piece.length <= joinedBytesMax) small.push(piece);
        else {
          writeSmall();
          writeOne(piece);
        }
      }
      writeSmall();
    },
    whenWritten(run) {
      if (unwritten.size > 0) waiting.push(run);
      else setImmediate(run);
    },
    forget() {
      for (const letGo of unwritten) letGo();
      unwritten.clear();
      waiting = [];
    },
  };
}
