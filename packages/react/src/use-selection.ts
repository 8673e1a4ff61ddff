import * as React from "react";
import type { Shown } from "./first-values.ts";
import { isSameSelection } from "./same-selection.ts";
import { useProvided } from "./setpoint-provider.ts";

interface Kept {
  readonly from: unknown;
  readonly selector: unknown;
  readonly selected: unknown;
}

/** What `selector` makes of the provided configuration or status, kept as the same object while it says the same. */
export function useSelection<Part extends keyof Shown>(part: Part, selector: (from: Shown[Part]) => unknown = (from) => from): unknown {
  const { source, first } = useProvided();
  const kept = React.useRef<Kept>(undefined);
  const select = (from: Shown[Part]): unknown => {
    const before = kept.current;
    // Not only for speed: a selector that makes something incomparable must give React the same thing twice.
    if (before?.from === from && before.selector === selector) return before.selected;
    let selected = selector(from);
    if (before && isSameSelection(before.selected, selected)) selected = before.selected;
    kept.current = { from, selector, selected };
    return selected;
  };
  const selected = React.useSyncExternalStore(
    source.subscribe,
    () => select(source[part]),
    () => select(first[part]),
  );
  React.useDebugValue(selected);
  return selected;
}
