/**
 * Whether a component that shows `before` may go on with it. Plain objects and arrays are compared by what they hold, so that
 * a selector may build them; anything else (a Map, a function, an instance) only by identity.
 */
export function isSameSelection(before: unknown, after: unknown): boolean {
  const kind = kindOf(before);
  return (
    Object.is(before, after) ||
    ((kind === Object || kind === Array) && kind === kindOf(after) && hasSameMembers(before as Members, after as Members))
  );
}

type Members = Readonly<Record<string, unknown>>;

function kindOf(value: unknown): unknown {
  return (value as Members | null | undefined)?.["constructor"];
}

function hasSameMembers(before: Members, after: Members): boolean {
  const names = Object.keys(before);
  return (
    names.length === Object.keys(after).length &&
    names.every((name) => Object.hasOwn(after, name) && isSameSelection(before[name], after[name]))
  );
}
