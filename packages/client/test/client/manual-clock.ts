import type { Clock } from "../../src/clock.ts";

/** Time that moves when a test says so. */
export interface ManualClock extends Clock {
  /** Runs what falls due within `ms`, in order, also what that begins. */
  advance(ms: number): void;
  /** Goes to the next timer and runs it. */
  runNext(): void;
  /** The failures that each wait was asked for with. */
  readonly failures: number[];
  /** The delays of the timers that wait. */
  delays(): number[];
}

export function createManualClock(backOffMs = (failures: number) => 200 * 2 ** failures): ManualClock {
  let time = 1_000_000;
  const timers = new Set<{ at: number; run: () => void }>();
  const failures: number[] = [];
  const advance = (ms: number): void => {
    const end = time + ms;
    for (;;) {
      const next = [...timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (!next) break;
      timers.delete(next);
      time = next.at;
      next.run();
    }
    time = end;
  };
  return {
    failures,
    advance,
    runNext: () => advance(Math.min(...[...timers].map(({ at }) => at)) - time),
    now: () => time,
    backOff: (count) => {
      failures.push(count);
      return backOffMs(count);
    },
    after: (delayMs, run, former) => {
      timers.delete(former as { at: number; run: () => void });
      const timer = { at: time + delayMs, run };
      timers.add(timer);
      return timer;
    },
    delays: () => [...timers].map(({ at }) => at - time),
  };
}
