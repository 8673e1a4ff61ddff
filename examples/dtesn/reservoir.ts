import { createRandom } from "./random.ts";
import { at, multiply, spectralRadius, type SparseWeights } from "./sparse-weights.ts";
import { taylorStep } from "./taylor-step.ts";

/** What a reservoir is built from; another value of any of them asks for another reservoir. */
export interface ReservoirSettings {
  /** Units in all membranes together. */
  readonly size: number;
  /** Membranes, one inside the other. The outermost hears the signal, each further one hears the one around it. */
  readonly depth: number;
  /** Terms of the series that each step of time is computed with. */
  readonly order: number;
}

/** What a reservoir makes of a signal. */
export interface ReservoirResponse {
  /** Mean activation of the innermost membrane after each sample. */
  readonly response: readonly number[];
  /** Root mean square activation of each membrane after the last sample, outermost first. */
  readonly activity: readonly number[];
}

export interface Reservoir {
  readonly settings: ReservoirSettings;
  /** Answers a signal from rest, so that the same signal always has the same answer. Samples lie within -1 and 1. */
  respond(signal: readonly number[]): ReservoirResponse;
}

const seed = 20_170_413;
/** Connections of a unit within its membrane, and from the membrane around it. */
const innerFanIn = 10;
const outerFanIn = 4;
/** Below 1, so that the echo of a sample dies away. */
const targetRadius = 0.9;
const inputScale = 0.8;
const couplingScale = 1.5;
const stepLength = 0.25;

/** Builds an echo-state reservoir with fixed, sparse weights that depend on its settings alone. */
export function createReservoir(settings: ReservoirSettings): Reservoir {
  const { size, depth, order } = settings;
  const random = createRandom(seed);
  const bounds = membraneBounds(size, depth);
  const inner = innerWeights(bounds, size, random);
  const scale = targetRadius / (spectralRadius(inner, size) || 1);
  const weights = withCoupling(inner, scale, bounds, size, random);
  const input = new Float64Array(size);
  for (let unit = 0; unit < (bounds[1] ?? size); unit += 1) input[unit] = inputScale * random();

  const step = taylorStep({ size, order, stepLength, multiply: (state, result) => multiply(weights, state, result) });
  const drive = new Float64Array(size);

  return {
    settings,
    respond(signal) {
      const state = new Float64Array(size);
      const response = signal.map((sample) => {
        for (let unit = 0; unit < size; unit += 1) drive[unit] = at(input, unit) * sample;
        step(state, drive);
        return mean(state.subarray(bounds[depth - 1], size));
      });
      const activity = bounds.slice(0, depth).map((start, membrane) => rootMeanSquare(state.subarray(start, bounds[membrane + 1])));
      return { response, activity };
    },
  };
}

/** Where each membrane's units begin, and at the end the size: they differ by at most one unit. */
function membraneBounds(size: number, depth: number): readonly number[] {
  return Array.from({ length: depth + 1 }, (_, membrane) => Math.floor((membrane * size) / depth));
}

function innerWeights(bounds: readonly number[], size: number, random: () => number): SparseWeights {
  const fanIn = innerFanIn;
  const sources = new Int32Array(size * fanIn);
  const weights = new Float64Array(size * fanIn);
  for (const [start, end] of spans(bounds)) {
    for (let edge = start * fanIn; edge < end * fanIn; edge += 1) {
      sources[edge] = start + draw(random, end - start);
      weights[edge] = random();
    }
  }
  return { fanIn, sources, weights };
}

/** The scaled weights with, for every membrane but the outermost, connections from the one around it. */
function withCoupling(inner: SparseWeights, scale: number, bounds: readonly number[], size: number, random: () => number): SparseWeights {
  const fanIn = innerFanIn + outerFanIn;
  const sources = new Int32Array(size * fanIn);
  const weights = new Float64Array(size * fanIn);
  let outer: readonly [number, number] | undefined;
  for (const span of spans(bounds)) {
    for (let unit = span[0]; unit < span[1]; unit += 1) {
      for (let edge = 0; edge < innerFanIn; edge += 1) {
        sources[unit * fanIn + edge] = inner.sources[unit * innerFanIn + edge] ?? 0;
        weights[unit * fanIn + edge] = scale * at(inner.weights, unit * innerFanIn + edge);
      }
      for (let edge = innerFanIn; outer && edge < fanIn; edge += 1) {
        sources[unit * fanIn + edge] = outer[0] + draw(random, outer[1] - outer[0]);
        weights[unit * fanIn + edge] = couplingScale * random();
      }
    }
    outer = span;
  }
  return { fanIn, sources, weights };
}

function spans(bounds: readonly number[]): readonly (readonly [number, number])[] {
  return bounds.slice(1).map((end, membrane) => [bounds[membrane] ?? 0, end] as const);
}

/** A whole number from 0 to `count` - 1. */
function draw(random: () => number, count: number): number {
  return Math.floor(((random() + 1) / 2) * count);
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function rootMeanSquare(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}
