import * as React from "react";
import type { Shown } from "./page-client.ts";
import { isSameSelection } from "./same-selection.ts";
import { useProvided } from "./setpoint-provider.ts";

type Kept = readonly [from?: unknown, selector?: unknown, selected?: unknown];

/** What `selector` makes of the provided configuration or status, kept as the same object while it says the same. */
export function useSelection<Part extends keyof Shown>(part: Part, selector: (from: Shown[Part]) => unknown = (from) => from): unknown {
  const { source, first } = useProvided();
  const kept = React.useRef<Kept>([]);
  const select = (from: Shown[Part]): unknown => {
    const [keptFrom, keptSelector, before] = kept.current;
    // Not only for speed: a selector that makes something incomparable must give React the same thing twice.
    if (from === keptFrom && selector === keptSelector) return before;
    const fresh = selector(from);
    const selected = isSameSelection(before, fresh) ? before : fresh;
    kept.current = [from, selector, selected];
    return selected;
  };
  return React.useSyncExternalStore(
    source.subscribe,
    () => select(source[part]),
    () => select(first[part]),
  );
}
