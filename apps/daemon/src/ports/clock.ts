/** Where the daemon's time and timers come from; handed in, so that a test can hold them still. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls back once after a delay; returns what cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}
