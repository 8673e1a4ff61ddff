import type { FrameRing, FrameRingLimits } from "./frame-ring.ts";
import type { HubLimits } from "./hub-limits.ts";

/** The rings that share a bound. */
export interface PooledRings {
  readonly count: () => number;
  readonly all: () => Iterable<FrameRing>;
  /** Those that nobody reads, the one that has been so for longest first. */
  readonly idle: () => Iterable<FrameRing>;
}

/** What all rings of a hub come to together. */
export interface RingPool {
  readonly bytes: number;
  /** What each ring is made with. */
  readonly limits: FrameRingLimits;
}

/**
 * Each ring may have an even share, and its newest frame beyond that while there is room. Where there is none, rings that nobody reads
 * are emptied first, then all others are cut down to their share; who reads a frame that is gone is told the way by the source.
 */
export function createRingPool(
  { ringFramesMax, ringBytesMax, ringsBytesMax }: Pick<HubLimits, "ringFramesMax" | "ringBytesMax" | "ringsBytesMax">,
  rings: PooledRings,
): RingPool {
  let bytes = 0;
  const share = () => Math.min(ringBytesMax, Math.floor(ringsBytesMax / Math.max(1, rings.count())));

  const trim = (some: Iterable<FrameRing>, bytesMax: number) => {
    for (const ring of some) {
      if (bytes <= ringsBytesMax) return;
      ring.trim(bytesMax);
    }
  };

  return {
    get bytes() {
      return bytes;
    },
    limits: {
      framesMax: ringFramesMax,
      bytesMax: share,
      grown(byBytes) {
        bytes += byBytes;
        if (byBytes <= 0) return;
        trim(rings.idle(), 0);
        trim(rings.all(), share());
      },
    },
  };
}
