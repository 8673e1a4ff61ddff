/** Time and chance as a connection sees them; tests hand in their own. */
export interface Clock {
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** How long to wait after a failure that so many came before: between 0 and a bound that doubles (full jitter), in milliseconds. */
  readonly backOff: (failures: number) => number;
  /** Runs once after `delayMs`, instead of what `former` was to run. */
  readonly after: (delayMs: number, run: () => void, former?: unknown) => unknown;
}

export const systemClock: Clock = {
  now: Date.now,
  backOff: (failures) => Math.random() * Math.min(30_000, 200 * 2 ** failures),
  after: (delayMs, run, former) => {
    clearTimeout(former as undefined);
    return setTimeout(run, delayMs);
  },
};
