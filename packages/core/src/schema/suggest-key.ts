/** The candidate nearest to a mistyped name, if it is near enough to be meant: at most a third of its length in edits. */
export function suggestKey(given: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  let examined = 0;
  for (const candidate of candidates) {
    if (++examined > 20_000) break;
    const bound = Math.min(bestDistance - 1, Math.max(2, Math.floor(candidate.length / 3)));
    const distance = editDistance(given.toLowerCase(), candidate.toLowerCase(), bound);
    if (distance !== undefined && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Edits (insert, delete, replace, swap neighbours) from one text to the other, or `undefined` above the bound. */
function editDistance(from: string, to: string, bound: number): number | undefined {
  if (bound < 0 || Math.abs(from.length - to.length) > bound) return undefined;
  let older: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    let least = row;
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      let cost = Math.min(
        (previous[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (previous[column - 1] as number) + (isSame ? 0 : 1),
      );
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        cost = Math.min(cost, (older[column - 2] as number) + 1);
      }
      current.push(cost);
      least = Math.min(least, cost);
    }
    if (least > bound) return undefined;
    older = previous;
    previous = current;
  }
  const distance = previous[to.length] as number;
  return distance <= bound ? distance : undefined;
}
