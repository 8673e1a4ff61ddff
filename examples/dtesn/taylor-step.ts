import { at } from "./sparse-weights.ts";

export interface TaylorStepOptions {
  /** Units of a state. */
  readonly size: number;
  /** Highest power of the step's length that is kept; 1 is Euler's method. */
  readonly order: number;
  readonly stepLength: number;
  /** Writes the product of the reservoir's weights and a state to `result`. */
  readonly multiply: (state: Float64Array, result: Float64Array) => void;
}

/**
 * A step of the reservoir's motion x' = -x + tanh(W x + drive) in place, by the B-series of the exact flow cut off at `order`.
 * That series is the flow's Taylor series, whose terms follow from each other without listing any tree:
 * x[k+1] = (s[k] - x[k]) / (k+1) and z[k] = W x[k]; s = tanh z has s' = w z' with w = 1 - s², hence
 * s[k] = Σ j z[j] w[k-j] / k for j = 1…k, and w[k] = -Σ s[j] s[k-j] for j = 0…k. One step costs `order` products with W.
 */
export function taylorStep({ size, order, stepLength, multiply }: TaylorStepOptions): (state: Float64Array, drive: Float64Array) => void {
  const rows = (): readonly Float64Array[] => Array.from({ length: order }, () => new Float64Array(size));
  const [z, s, w] = [rows(), rows(), rows()];
  const term = new Float64Array(size);

  return (state, drive) => {
    term.set(state);
    let power = 1;
    for (let k = 0; k < order; k += 1) {
      const [zk, sk, wk] = [row(z, k), row(s, k), row(w, k)];
      multiply(term, zk);
      if (k === 0) startTerms(zk, sk, wk, drive);
      else furtherTerms(z, s, w, k);
      power *= stepLength;
      for (let unit = 0; unit < size; unit += 1) {
        term[unit] = (at(sk, unit) - at(term, unit)) / (k + 1);
        state[unit] = at(state, unit) + power * at(term, unit);
      }
    }
  };
}

function startTerms(z: Float64Array, s: Float64Array, w: Float64Array, drive: Float64Array): void {
  for (let unit = 0; unit < z.length; unit += 1) {
    const sum = at(z, unit) + at(drive, unit);
    const activation = Math.tanh(sum);
    z[unit] = sum;
    s[unit] = activation;
    w[unit] = 1 - activation * activation;
  }
}

function furtherTerms(z: readonly Float64Array[], s: readonly Float64Array[], w: readonly Float64Array[], k: number): void {
  const [sk, wk] = [row(s, k).fill(0), row(w, k).fill(0)];
  for (let j = 1; j <= k; j += 1) addProduct(sk, j / k, row(z, j), row(w, k - j));
  for (let j = 0; j <= k; j += 1) addProduct(wk, -1, row(s, j), row(s, k - j));
}

function addProduct(sum: Float64Array, factor: number, left: Float64Array, right: Float64Array): void {
  for (let unit = 0; unit < sum.length; unit += 1) sum[unit] = at(sum, unit) + factor * at(left, unit) * at(right, unit);
}

function row(rows: readonly Float64Array[], index: number): Float64Array {
  const found = rows[index];
  if (!found) throw new RangeError(`There is no term ${index}.`);
  return found;
}
