import type { Timers } from "../../src/hub/timers.ts";

/** Timers that go only when they are told to; what is due soon still runs in a later turn of the real loop. */
export interface ManualTimers extends Timers {
  advance(byMs: number): void;
}

export function createManualTimers(): ManualTimers {
  let moment = 0;
  const due = new Set<{ readonly at: number; readonly run: () => void }>();
  const nextDue = (until: number) =>
    [...due]
      .filter(({ at }) => at <= until)
      .reduce<{ at: number; run: () => void } | undefined>((first, timer) => (first && first.at <= timer.at ? first : timer), undefined);
  return {
    now: () => moment,
    after(delayMs, run) {
      const timer = { at: moment + delayMs, run };
      due.add(timer);
      return () => due.delete(timer);
    },
    soon: (run) => void setImmediate(run),
    advance(byMs) {
      const until = moment + byMs;
      for (let timer = nextDue(until); timer; timer = nextDue(until)) {
        due.delete(timer);
        moment = timer.at;
        timer.run();
      }
      moment = until;
    },
  };
}
