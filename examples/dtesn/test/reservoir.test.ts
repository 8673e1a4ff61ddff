import { expect, test } from "vitest";
import { createReservoir } from "../reservoir.ts";

const signal = Array.from({ length: 40 }, (_, sample) => Math.sin(sample / 3));

function respond(size: number, depth: number, order: number): readonly number[] {
  return createReservoir({ size, depth, order }).respond(signal).response;
}

function distance(left: readonly number[], right: readonly number[]): number {
  return Math.max(...left.map((value, index) => Math.abs(value - (right[index] ?? Number.NaN))));
}

test("the same settings and signal have the same answer", () => {
  expect(respond(128, 2, 4)).toEqual(respond(128, 2, 4));
});

test("each further order comes nearer to the exact motion", () => {
  const exact = respond(256, 2, 32);
  const errors = [1, 2, 4, 8, 16].map((order) => distance(respond(256, 2, order), exact));
  expect(errors).toEqual(errors.toSorted((left, right) => right - left));
  expect(errors.at(-1)).toBeLessThan(1e-9);
  expect(errors[0]).toBeGreaterThan(1e-4);
});

test("what a reservoir heard long ago dies away", () => {
  const reservoir = createReservoir({ size: 256, depth: 1, order: 8 });
  const silence = Array.from({ length: 200 }, () => 0);
  expect(distance(reservoir.respond([1, 1, 1, ...silence]).response.slice(-1), [0])).toBeLessThan(1e-4);
});

test("every membrane has its activity, also where each holds one unit", () => {
  expect(createReservoir({ size: 64, depth: 64, order: 8 }).respond(signal).activity).toHaveLength(64);
});
