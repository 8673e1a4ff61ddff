/** The key grammar's segment, or a star; `keyRefusal` says the same in words. */
const partPattern = /^(\*\*?|(?!.*__|(constructor|prototype)$)[A-Za-z][\w-]*)$/;

/**
 * A test for keys that match a pattern: segments joined by dots, `*` is one segment, `**` any number (also none).
 * @returns `undefined` when the pattern is malformed
 */
export function keyMatcher(pattern: string): ((key: string) => boolean) | undefined {
  return keysMatcher([pattern]);
}

/**
 * A test for keys that match any of some patterns. A key is split and its segments are looked up once, however many patterns there
 * are; beyond that each different pattern costs a few operations on integers per segment.
 * @returns `undefined` when a pattern is malformed
 */
export function keysMatcher(patterns: Iterable<string>): ((key: string) => boolean) | undefined {
  const exact = new Set<string>();
  const wild = new Set<string>();
  for (const pattern of patterns) {
    const parts = pattern.split(".");
    if (pattern.length > 256 || parts.length > 16 || !parts.every((part) => partPattern.test(part))) return undefined;
    if (pattern.includes("*")) wild.add(pattern.replace(/\*\*(\.\*\*)+/g, "**"));
    else exact.add(pattern);
  }
  // Bit n of a pattern's state: its first n parts can stand for the segments so far. Bit n of a mask: its part n is the one named.
  const lists = Array.from(wild, (pattern) => pattern.split("."));
  const masksOf = (name: string) =>
    Int32Array.from(lists, (parts) => parts.reduce((mask, part, index) => mask | (Number(part === name) << index), 0));
  const masks = new Map([...lists.flat(), "", "*", "**"].map((name) => [name, masksOf(name)]));
  const [none, one, any] = ["", "*", "**"].map((name) => masks.get(name)) as [Int32Array, Int32Array, Int32Array];
  const start = any.map((mask) => 1 | ((mask & 1) << 1));
  return (key) => {
    if (exact.has(key) || lists.length === 0) return exact.has(key);
    const state = start.slice();
    for (const segment of key.split(".")) {
      const named = masks.get(segment) ?? none;
      for (let index = 0; index < state.length; index += 1) {
        const before = state[index] as number;
        const open = any[index] as number;
        const next = (before & open) | ((before & ((one[index] as number) | (named[index] as number))) << 1);
        // A part that may stand for no segment at all is passed over at once.
        state[index] = next | ((next & open) << 1);
      }
    }
    return state.some((reached, index) => (reached >> (lists[index] as readonly string[]).length) & 1);
  };
}
