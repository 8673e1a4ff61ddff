type Members = Readonly<Record<string, unknown>>;

/**
 * Whether a component that shows `before` may go on with it. Plain objects and arrays are compared by what they hold, so that
 * a selector may build them; anything else (a Map, a function, an instance) only by identity.
 */
export function isSameSelection(before: unknown, after: unknown): boolean {
  if (Object.is(before, after)) return true;
  const kind = (before as Members | null | undefined)?.["constructor"];
  if ((kind !== Object && kind !== Array) || kind !== (after as Members | null | undefined)?.["constructor"]) return false;
  const names = Object.keys(before as Members);
  return (
    names.length === Object.keys(after as Members).length &&
    names.every((name) => name in (after as Members) && isSameSelection((before as Members)[name], (after as Members)[name]))
  );
}
