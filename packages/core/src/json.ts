/** A JSON value. Members are own and enumerable; `undefined` never occurs inside. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [member: string]: Json;
}

/** Deepest nesting of arrays and objects that any door accepts. */
export const jsonDepthMax = 64;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** RFC 8785 text: members sorted by UTF-16 code units, ECMAScript numbers, no white space. Equal values give equal texts. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  if (Object(value) !== value) return JSON.stringify(value);
  const members = Object.keys(value as JsonObject).sort(); // the default order is by UTF-16 code units, as RFC 8785 asks
  return `{${members.map((member) => `${canonicalJson(member)}:${canonicalJson((value as JsonObject)[member] as Json)}`).join()}}`;
}

/** Same JSON value, whatever the order of members. */
export function jsonEqual(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => jsonEqual(item, b[index]));
  }
  if (Array.isArray(b)) return false;
  const left = a as JsonObject;
  const right = b as JsonObject;
  const members = Object.keys(left);
  return (
    members.length === Object.keys(right).length &&
    members.every((member) => Object.hasOwn(right, member) && jsonEqual(left[member], right[member]))
  );
}

/** Freezes a JSON value through and through and returns it; what is frozen already is taken to be so throughout. */
export function deepFreeze<T>(value: T): T {
  if (!Object.isFrozen(value)) Object.values(Object.freeze(value) as object).forEach(deepFreeze);
  return value;
}

/** Where and why a JSON text is refused; `at` is a JSON Pointer, or a position where the text has no structure yet. */
export interface JsonRefusal {
  readonly at: string;
  readonly reason: string;
}

/**
 * Parses JSON text as the wire contract asks: no duplicate members, no `__proto__`, at most `jsonDepthMax` levels,
 * integers within ±(2^53−1), no number that would silently change (overflow, underflow, -0), no lone surrogate.
 */
export function parseJson(text: string): { ok: true; value: Json } | { ok: false; refusal: JsonRefusal } {
  const refusal = scan(text);
  if (refusal) return { ok: false, refusal };
  try {
    return { ok: true, value: JSON.parse(text) as Json };
  } catch (error) {
    return { ok: false, refusal: { at: "", reason: `Not JSON: ${(error as Error).message}` } };
  }
}

interface Level {
  /** Member names met so far; absent for an array. */
  readonly members?: Set<string>;
  name: string;
  index: number;
  expectsName: boolean;
}

const numberLiteral = /-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/** One pass over the tokens. Syntax is left to JSON.parse: a scan that finds nothing says only that no rule of ours is broken. */
function scan(text: string): JsonRefusal | undefined {
  const levels: Level[] = [];
  const pointer = () =>
    levels.map((level) => `/${(level.members ? level.name : String(level.index)).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
  const refuse = (reason: string): JsonRefusal => ({ at: pointer(), reason });
  let position = 0;
  while (position < text.length) {
    const char = text[position] as string;
    const level = levels.at(-1);
    if (char === '"') {
      const end = endOfString(text, position);
      if (end === -1) return undefined;
      const literal = text.slice(position, end);
      position = end;
      let string: string;
      try {
        string = JSON.parse(literal) as string;
      } catch {
        return undefined;
      }
      if (!string.isWellFormed()) return refuse("A lone surrogate is not text; send whole characters.");
      if (level?.members && level.expectsName) {
        level.name = string;
        if (level.members.has(string)) return refuse(`The member ${JSON.stringify(string)} stands twice.`);
        if (string === "__proto__") return refuse("A member may not be called __proto__.");
        level.members.add(string);
        level.expectsName = false;
      }
      continue;
    }
    if (char === "{" || char === "[") {
      if (levels.length === jsonDepthMax) return { at: "", reason: `Deeper than ${jsonDepthMax} levels.` };
      levels.push(
        char === "{" ? { members: new Set(), name: "", index: 0, expectsName: true } : { name: "", index: 0, expectsName: false },
      );
    } else if (char === "}" || char === "]") levels.pop();
    else if (char === ",") {
      if (level) {
        level.index += 1;
        level.expectsName = true;
      }
    } else if (char === "-" || (char >= "0" && char <= "9")) {
      numberLiteral.lastIndex = position;
      const literal = numberLiteral.exec(text)?.[0] ?? char;
      const reason = numberRefusal(literal);
      if (reason) return refuse(reason);
      position += literal.length;
      continue;
    }
    position += 1;
  }
  return undefined;
}

function endOfString(text: string, start: number): number {
  for (let position = start + 1; position < text.length; position += 1) {
    const char = text[position];
    if (char === "\\") position += 1;
    else if (char === '"') return position + 1;
  }
  return -1;
}

function numberRefusal(literal: string): string | undefined {
  const value = Number(literal);
  if (!Number.isFinite(value)) return `${shorten(literal)} is too large for a JSON number here (about ±1.8e308).`;
  if (Object.is(value, -0)) return `${shorten(literal)} would become 0; send 0.`;
  if (value === 0 && /[1-9]/.test(literal.replace(/[eE].*$/, ""))) return `${shorten(literal)} is too small and would become 0.`;
  // Whatever is accepted can be sent back as it is answered: below 1e21 a whole number is written in digits.
  if (Number.isInteger(value) && !Number.isSafeInteger(value) && (Math.abs(value) < 1e21 || /^-?[0-9]+$/.test(literal))) {
    return `${shorten(literal)} is outside the exact integers, ±9007199254740991.`;
  }
  return undefined;
}

function shorten(literal: string): string {
  return literal.length > 40 ? `${literal.slice(0, 37)}...` : literal;
}
