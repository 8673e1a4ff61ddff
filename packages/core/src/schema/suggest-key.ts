export const suggestionLimits = {
  /** Edits between what was given and what is suggested; short names allow fewer. */
  editsMax: 3,
  /** Names that one search looks at. */
  candidatesMax: 20_000,
  /** Searches of one budget: after the first few, more suggestions help nobody. */
  searchesMax: 10,
  /** Cells of edit distance tables that one budget pays for. */
  cellsMax: 2_000_000,
} as const;

/** The work that the suggestions of one request may make together. */
export class SuggestionBudget {
  searches: number = suggestionLimits.searchesMax;
  cells: number = suggestionLimits.cellsMax;
}

/**
 * The candidate nearest to a mistyped name, if it is near enough to be meant. Of dotted keys the segments that both start and
 * end with do not count: what is left may differ by a third of its length, by 1 if it is short, by `suggestionLimits.editsMax` at most.
 * @param budget what may be spent; with it used up nothing is suggested any more
 */
export function suggestKey(given: string, candidates: Iterable<string>, budget = new SuggestionBudget()): string | undefined {
  if (budget.searches === 0) return undefined;
  budget.searches -= 1;
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  let examined = 0;
  const wanted = given.toLowerCase();
  for (const candidate of candidates) {
    if (++examined > suggestionLimits.candidatesMax || budget.cells <= 0) break;
    if (Math.abs(candidate.length - given.length) > suggestionLimits.editsMax) continue;
    const [from, to] = differingSegments(wanted, candidate.toLowerCase());
    const distance = editDistance(from, to, Math.min(bestDistance - 1, editsFor(to)), budget);
    if (distance !== undefined) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function editsFor(name: string): number {
  return Math.max(1, Math.min(suggestionLimits.editsMax, Math.floor(name.length / 3)));
}

/** Two keys without the whole segments that they start and end with in common. */
function differingSegments(left: string, right: string): readonly [string, string] {
  const shorter = Math.min(left.length, right.length);
  let start = 0;
  for (let index = 0; index < shorter && left[index] === right[index]; index += 1) if (left[index] === ".") start = index + 1;
  let end = 0;
  for (let index = 1; index <= shorter - start && left.at(-index) === right.at(-index); index += 1)
    if (left.at(-index) === ".") end = index;
  return [left.slice(start, left.length - end), right.slice(start, right.length - end)];
}

/**
 * Edits (insert, delete, replace, swap neighbours) from one text to the other, or `undefined` above the bound. Only the cells
 * near the diagonal are computed: those farther away stand for more edits than the bound.
 */
function editDistance(from: string, to: string, bound: number, budget: SuggestionBudget): number | undefined {
  if (bound < 0 || Math.abs(from.length - to.length) > bound) return undefined;
  const tooMany = bound + 1;
  let previous = Array.from({ length: to.length + 1 }, (_, column) => Math.min(column, tooMany));
  let older = previous.map(() => tooMany);
  let current = previous.map(() => tooMany);
  for (let row = 1; row <= from.length; row += 1) {
    const first = Math.max(1, row - bound);
    const last = Math.min(to.length, row + bound);
    budget.cells -= last - first + 1;
    if (budget.cells < 0) return undefined;
    current[first - 1] = first === 1 ? Math.min(row, tooMany) : tooMany;
    let least = current[first - 1] as number;
    for (let column = first; column <= last; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      let cost = Math.min(
        (previous[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (previous[column - 1] as number) + (isSame ? 0 : 1),
      );
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        cost = Math.min(cost, (older[column - 2] as number) + 1);
      }
      current[column] = cost;
      least = Math.min(least, cost);
    }
    if (least > bound) return undefined;
    // Right of its band the row written three rows ago still says "too many"; its left edge is set anew above.
    [older, previous, current] = [previous, current, older];
  }
  const distance = previous[to.length] as number;
  return distance <= bound ? distance : undefined;
}
