/** Time as the hub sees it; tests hand in their own. */
export interface Timers {
  /** Milliseconds that never go back, from any origin. */
  readonly now: () => number;
  /** Runs once after `delayMs`; returns what calls it off. */
  readonly after: (delayMs: number, run: () => void) => () => void;
  /** Runs in a later turn of the loop, after what is waiting for input and output. */
  readonly soon: (run: () => void) => void;
}

/** Node's own timers; none of them keeps a process alive. */
export const systemTimers: Timers = {
  now: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
  soon: (run) => {
    setImmediate(run);
  },
};
