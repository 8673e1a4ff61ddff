/** Who can be brought up to date with what has been announced. */
export interface Pushed {
  flush(): void;
}

/** Has every member flushed once more, soon. A request while they are under way means one more round after it. */
export type FanOut = (members: ReadonlySet<Pushed>) => void;

interface Round {
  readonly members: ReadonlySet<Pushed>;
  remaining: Iterator<Pushed>;
  again: boolean;
}

/** Writes to many connections in slices, so that the loop serves others in between. */
export function createFanOut(sliceSize: number, soon: (run: () => void) => void): FanOut {
  const rounds = new Map<ReadonlySet<Pushed>, Round>();

  const endOf = (round: Round) => {
    rounds.delete(round.members);
    if (!round.again) return;
    // Behind the others: a projection that never rests must not keep them waiting.
    rounds.set(round.members, { members: round.members, remaining: round.members.values(), again: false });
  };

  let isScheduled = false;
  const schedule = () => {
    if (isScheduled || rounds.size === 0) return;
    isScheduled = true;
    soon(slice);
  };

  const slice = () => {
    isScheduled = false;
    let left = sliceSize;
    for (const round of rounds.values()) {
      for (; left > 0; left -= 1) {
        const next = round.remaining.next();
        if (next.done) {
          endOf(round);
          break;
        }
        next.value.flush();
      }
      if (left === 0) break;
    }
    schedule();
  };

  return (members) => {
    const round = rounds.get(members);
    if (round) {
      round.again = true;
      return;
    }
    rounds.set(members, { members, remaining: members.values(), again: false });
    schedule();
  };
}
