import type { Writable } from "node:stream";

/** Writes to a stream and knows when all of it has left. */
export interface CountedWrites {
  readonly write: (bytes: Uint8Array) => void;
  /** Calls once, never from inside this call, when nothing written is left here. */
  readonly whenWritten: (run: () => void) => void;
}

export function createCountedWrites(stream: Writable): CountedWrites {
  let unwritten = 0;
  let waiting: (() => void)[] = [];
  const written = () => {
    unwritten -= 1;
    if (unwritten > 0) return;
    const ready = waiting;
    waiting = [];
    for (const run of ready) run();
  };
  return {
    write(bytes) {
      unwritten += 1;
      stream.write(bytes, written);
    },
    whenWritten(run) {
      if (unwritten > 0) waiting.push(run);
      else setImmediate(run);
    },
  };
}
