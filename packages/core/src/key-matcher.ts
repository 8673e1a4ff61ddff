/** The key grammar's segment, or a star; `keyRefusal` says the same in words. */
const partPattern = /^(\*\*?|(?!.*__|(constructor|prototype)$)[A-Za-z][\w-]*)$/;

/**
 * A test for keys that match a pattern: segments joined by dots, `*` is one segment, `**` any number (also none).
 * Its work stays within pattern × key segments.
 * @returns `undefined` when the pattern is malformed
 */
export function keyMatcher(pattern: string): ((key: string) => boolean) | undefined {
  const parts = pattern.split(".");
  if (pattern.length > 256 || parts.length > 16 || !parts.every((part) => partPattern.test(part))) return undefined;
  if (!pattern.includes("*")) return (key) => key === pattern;
  /** Which counts of leading parts can stand for one more segment, given those that stand for the ones before it. */
  const advance = (before: readonly unknown[], segment?: string): unknown[] =>
    parts.reduce<unknown[]>(
      (reached, part, index) => [
        ...reached,
        part === "**" ? reached[index] || before[index + 1] : before[index] && (part === "*" || part === segment),
      ],
      [segment === undefined],
    );
  return (key) => key.split(".").reduce<unknown[]>(advance, advance([])).at(-1) === true;
}
