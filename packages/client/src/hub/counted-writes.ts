import type { Writable } from "node:stream";

/** Larger pieces are handed on as they are, shared by all streams; smaller ones are not worth a write of their own. */
const joinedBytesMax = 8 * 1024;

/** Writes to a stream and knows when all of it has left. */
export interface CountedWrites {
  /** Writes the pieces in order, in as few writes as is worth it. */
  readonly write: (pieces: readonly Uint8Array[]) => void;
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
  const writeOne = (bytes: Uint8Array) => {
    unwritten += 1;
    stream.write(bytes, written);
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
      if (unwritten > 0) waiting.push(run);
      else setImmediate(run);
    },
  };
}
