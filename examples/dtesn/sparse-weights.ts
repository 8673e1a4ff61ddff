/** Connections of a network with equally many inputs per unit: unit `i` reads `sources[i * fanIn …]` with those weights. */
export interface SparseWeights {
  readonly fanIn: number;
  readonly sources: Int32Array;
  readonly weights: Float64Array;
}

/** Writes the product of the weights and `state` to `result`. */
export function multiply({ fanIn, sources, weights }: SparseWeights, state: Float64Array, result: Float64Array): void {
  let edge = 0;
  for (let unit = 0; unit < result.length; unit += 1) {
    let sum = 0;
    for (const end = edge + fanIn; edge < end; edge += 1) sum += at(weights, edge) * at(state, sources[edge] ?? 0);
    result[unit] = sum;
  }
}

/**
 * The spectral radius, estimated by how fast repeated multiplication grows a vector. The geometric mean over the later half of
 * the steps also settles where the largest eigenvalues are a complex pair and the vector turns instead of converging.
 */
export function spectralRadius(weights: SparseWeights, size: number, steps = 60): number {
  let state: Float64Array = new Float64Array(size).fill(1);
  let next: Float64Array = new Float64Array(size);
  let logGrowth = 0;
  for (let step = 0; step < steps; step += 1) {
    multiply(weights, state, next);
    const growth = norm(next) / norm(state);
    if (growth === 0) return 0;
    if (step >= steps / 2) logGrowth += Math.log(growth);
    const scale = 1 / norm(next);
    for (let unit = 0; unit < size; unit += 1) next[unit] = at(next, unit) * scale;
    [state, next] = [next, state];
  }
  return Math.exp(logGrowth / (steps / 2));
}

/** The element at an index that is known to exist. */
export function at(values: Float64Array, index: number): number {
  return values[index] ?? 0;
}

function norm(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}
