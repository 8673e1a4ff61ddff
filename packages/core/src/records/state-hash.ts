import { canonicalJson, type Json } from "../json.ts";

/**
 * A state hash under way: two 32-bit lanes, each the sum modulo 2^32 of the lanes of every record's hash.
 * Adding and subtracting make it incremental and independent of order. It detects divergence; it is no security.
 */
export type StateSum = readonly [a: number, b: number];

export const emptyStateSum: StateSum = [0, 0];

const { imul } = Math;

/** Kinds that count in a projection's state hash. */
export type HashedKind = "value" | "flag" | "segment";

/**
 * The two lanes of one record: `h64(kind + "\0" + key + "\0" + RFC 8785 text)`; a record that is not there counts nothing.
 * Constants and vectors in docs/reference/state-hash.md.
 */
export function recordSum(kind: HashedKind, key: string, value: Json | undefined): StateSum {
  return value === undefined ? emptyStateSum : h64(`${kind}\0${key}\0${canonicalJson(value)}`);
}

export function addSums(left: StateSum, right: StateSum): StateSum {
  return [(left[0] + right[0]) >>> 0, (left[1] + right[1]) >>> 0];
}

export function subtractSums(left: StateSum, right: StateSum): StateSum {
  return [(left[0] - right[0]) >>> 0, (left[1] - right[1]) >>> 0];
}

/** 16 lower-case hex, lane a first. */
export function stateHashText(sum: StateSum): string {
  return sum.map((lane) => lane.toString(16).padStart(8, "0")).join("");
}

/**
 * A two-lane multiply-xor hash over the UTF-16 code units of a text. Lane a starts at 0x811c9dc5 and multiplies by 0x01000193,
 * lane b starts at 0x9e3779b9, multiplies by 0x85ebca6b and rotates left by 13; each ends in murmur3's 32-bit finaliser,
 * lane a over a xor the length in code units, lane b over b plus the finished lane a.
 */
export function h64(text: string): StateSum {
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    a = imul(a ^ unit, 0x01000193);
    b = imul(b ^ unit, 0x85ebca6b);
    b = (b << 13) | (b >>> 19);
  }
  a = finalise(a ^ text.length);
  return [a, finalise((b + a) | 0)];
}

function finalise(lane: number): number {
  let mixed = imul(lane ^ (lane >>> 16), 0x85ebca6b);
  mixed = imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
