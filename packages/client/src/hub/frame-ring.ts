import { invariant } from "@setpoint/core";
import type { ChangeFrame } from "@setpoint/protocol/frames";
import { type ChangeText, changeText } from "./change-text.ts";
import type { Place } from "./frame-source.ts";

/** One change frame of a projection, kept for those that resume. */
export interface RingEntry extends Place {
  /** The projection's state hash after it. */
  readonly hash: string;
  readonly text: ChangeText;
}

/** The recent change frames of one projection, numbered one by one from 0 and never renumbered. */
export interface FrameRing {
  /** The number that the next frame gets. */
  readonly end: number;
  /** Bytes of memory that the frames come to. */
  readonly bytes: number;
  push(frame: ChangeFrame): void;
  /** `undefined` below the oldest frame kept and from `end` on. */
  at(number: number): RingEntry | undefined;
  /** Whether every frame above the revision is here. */
  covers(revision: number): boolean;
  /** The number of the first frame above the revision. */
  after(revision: number): number;
  /** The state hash at a covered revision, where the ring can tell it. */
  hashAt(revision: number): string | undefined;
  /** Tells the state hash at a covered revision, which holds from the ring's beginning on where no frame lies between. */
  learnHash(revision: number, hash: string): void;
  /** Whether the frames from a number on, oldest kept at most, are more than so many bytes. */
  holdsMoreThan(bytes: number, from: number): boolean;
  /** Drops the oldest frames until no more than so many bytes are left: all of them, where need be. */
  trim(bytesMax: number): void;
  /** Forgets everything; from now on covers what is above the revision. */
  restart(revision: number): void;
}

/** What an entry costs besides its text, about. */
const entryBytes = 256;

export interface FrameRingLimits {
  readonly framesMax: number;
  /** Asked at each push, since rings share one bound. A ring keeps the newest frame also where that alone is larger. */
  readonly bytesMax: () => number;
  /** Called after each change of the bytes: those of all rings together have a bound of their own, and may be trimmed at once. */
  readonly grown: (byBytes: number) => void;
}

export function createFrameRing(revision: number, limits: FrameRingLimits): FrameRing {
  // What is dropped is emptied at once and the array shortened in strides, so that a push does not move the whole ring.
  let entries: (RingEntry | undefined)[] = [];
  let dropped = 0;
  let first = 0;
  let bytes = 0;
  let coveredFrom = revision;
  let hashBefore: string | undefined;

  const entryAt = (number: number) => entries[number - dropped];
  const endOf = () => dropped + entries.length;

  const dropOldest = () => {
    const oldest = entryAt(first);
    invariant(oldest, "a ring drops only what it holds");
    entries[first - dropped] = undefined;
    first += 1;
    bytes -= oldest.text.memoryBytes + entryBytes;
    coveredFrom = oldest.revision;
    hashBefore = oldest.hash;
    if (first - dropped < 1_024) return;
    entries = entries.slice(first - dropped);
    dropped = first;
  };

  const after = (wanted: number) => {
    let low = first;
    let high = endOf();
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((entryAt(middle)?.revision ?? 0) > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };

  return {
    get end() {
      return endOf();
    },
    get bytes() {
      return bytes;
    },
    push(frame) {
      const text = changeText(frame);
      entries.push({ revision: frame.revision, cursor: frame.cursor, hash: frame.hash, text });
      const before = bytes;
      bytes += text.memoryBytes + entryBytes;
      while (endOf() - first > limits.framesMax || (bytes > limits.bytesMax() && endOf() - first > 1)) dropOldest();
      limits.grown(bytes - before);
    },
    at: (number) => (number < first ? undefined : entryAt(number)),
    covers: (wanted) => wanted >= coveredFrom,
    after,
    hashAt(wanted) {
      const before = after(wanted) - 1;
      return before < first ? hashBefore : entryAt(before)?.hash;
    },
    learnHash(revisionThen, hash) {
      if (revisionThen >= coveredFrom && after(revisionThen) === first) hashBefore = hash;
    },
    holdsMoreThan(bytesMax, from) {
      let sum = 0;
      for (let number = Math.max(from, first); number < endOf(); number += 1) {
        sum += entryAt(number)?.text.bytes ?? 0;
        if (sum > bytesMax) return true;
      }
      return false;
    },
    trim(bytesMax) {
      const before = bytes;
      while (bytes > bytesMax) dropOldest();
      limits.grown(bytes - before);
    },
    restart(revisionNow) {
      limits.grown(-bytes);
      dropped = endOf();
      first = dropped;
      entries = [];
      bytes = 0;
      coveredFrom = revisionNow;
      hashBefore = undefined;
    },
  };
}
