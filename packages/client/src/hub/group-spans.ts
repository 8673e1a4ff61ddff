/** Steps that cover several revisions at once: between their ends no state was ever announced. */
export interface GroupSpans {
  /** A step went from one revision to a later one. */
  record(from: number, to: number): void;
  /** Whether a revision lies between the ends of such a step. */
  holds(revision: number): boolean;
  /** Forgets all: another history. */
  clear(): void;
}

const spansMax = 10_000;

/**
 * A subscriber may stand at a revision inside a commit group (the cursor of its own write, say). The group's frame tells what differs
 * between the group's ends, which is not all that differs for somebody in the middle of it.
 */
export function createGroupSpans(): GroupSpans {
  const spans: { readonly from: number; readonly to: number }[] = [];
  return {
    record(from, to) {
      if (to - from < 2 || to <= (spans.at(-1)?.to ?? 0)) return;
      spans.push({ from, to });
      if (spans.length > spansMax) spans.shift();
    },
    holds(revision) {
      const span = spans.findLast(({ from }) => from < revision);
      return span !== undefined && revision < span.to;
    },
    clear() {
      spans.length = 0;
    },
  };
}
