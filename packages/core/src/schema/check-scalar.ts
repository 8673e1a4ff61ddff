import { canonicalJson, type Json } from "../json.ts";
import { simpleCheck, type Check } from "./check.ts";
import { countPhrase, numberPhrase, oneOfPhrase, phraseOf, shortPattern, summaryOf, typeNamesOf } from "./describe.ts";
import { formats } from "./formats.ts";
import { jsonTypeOf } from "./json-type.ts";
import { isMultipleOf } from "./multiple-of.ts";
import { keywordOf, numberOf, type SchemaNode } from "./schema-node.ts";
import { matchedPerStep, passedPerStep, type Steps, writtenPerStep } from "./steps.ts";

/** The `type` keyword; `integer` is a number without a fraction, however it was written. */
export function typeCheck(node: SchemaNode): Check | undefined {
  const names = new Set(typeNamesOf(node));
  if (names.size === 0) return undefined;
  const isInteger = names.has("integer");
  return simpleCheck((value) => names.has(jsonTypeOf(value)) || (isInteger && Number.isInteger(value)), {
    code: "invalid_parameter_type",
    message: `must be ${phraseOf(node)}`,
    expected: summaryOf(node),
  });
}

/** `const` and `enum`. */
export function valueChecks(node: SchemaNode): readonly Check[] {
  const checks: Check[] = [];
  const constant = keywordOf(node, "const");
  if (constant !== undefined) checks.push(listCheck(node, [constant]));
  const values = keywordOf(node, "enum");
  if (Array.isArray(values)) checks.push(listCheck(node, values as readonly Json[]));
  return checks;
}

function listCheck(node: SchemaNode, values: readonly Json[]): Check {
  const scalars = new Set(values.filter((value) => typeof value !== "object" || value === null));
  const texts = new Set(values.filter((value) => typeof value === "object" && value !== null).map(canonicalJson));
  const isListed = (value: Json, steps: Steps) => {
    if (typeof value !== "object" || value === null) return scalars.has(value);
    if (texts.size === 0) return false;
    const text = canonicalJson(value);
    steps.take(text.length / writtenPerStep);
    return texts.has(text);
  };
  return simpleCheck(isListed, { message: `must be ${oneOfPhrase(values)}`, expected: summaryOf(node) });
}

/** Bounds and `multipleOf`; other kinds of JSON pass. */
export function numberChecks(node: SchemaNode): readonly Check[] {
  const checks: Check[] = [];
  const minimum = numberOf(node, "minimum") ?? -Infinity;
  const maximum = numberOf(node, "maximum") ?? Infinity;
  const above = numberOf(node, "exclusiveMinimum") ?? -Infinity;
  const below = numberOf(node, "exclusiveMaximum") ?? Infinity;
  if ([minimum, maximum, above, below].some(Number.isFinite)) {
    const isWithin = (value: Json) => typeof value !== "number" || (value >= minimum && value <= maximum && value > above && value < below);
    checks.push(simpleCheck(isWithin, { message: `must be ${boundedPhrase(node)}`, expected: summaryOf(node) }));
  }
  const divisor = numberOf(node, "multipleOf");
  if (divisor !== undefined) {
    const isMultiple = (value: Json) => typeof value !== "number" || isMultipleOf(value, divisor);
    checks.push(simpleCheck(isMultiple, { message: `must be a multiple of ${divisor}`, expected: summaryOf(node) }));
  }
  return checks;
}

/** Names the exact integers' bounds, too, when nothing else was exceeded. */
function boundedPhrase(node: SchemaNode): string {
  const phrase = numberPhrase(node);
  return phrase === "an integer" || phrase === "a number" ? `${phrase} within ±${Number.MAX_SAFE_INTEGER}` : phrase;
}

/** Length in code points, `pattern` and `format`; other kinds of JSON pass. */
export function stringChecks(node: SchemaNode): readonly Check[] {
  const checks: Check[] = [];
  const length = countPhrase(node, "minLength", "maxLength", "character");
  if (length !== undefined) {
    const least = numberOf(node, "minLength") ?? 0;
    const most = numberOf(node, "maxLength") ?? Infinity;
    const hasLength = (value: Json, steps: Steps) => {
      if (typeof value !== "string") return true;
      steps.take(value.length / passedPerStep);
      const points = codePoints(value);
      return points >= least && points <= most;
    };
    checks.push(simpleCheck(hasLength, { message: `must be a text of ${length}`, expected: summaryOf(node) }));
  }
  const { pattern } = node;
  if (pattern) {
    const isMatch = (value: Json, steps: Steps) => {
      if (typeof value !== "string") return true;
      steps.take((value.length * pattern.instructions) / matchedPerStep);
      return pattern.test(value);
    };
    checks.push(simpleCheck(isMatch, { message: `must match the pattern ${shortPattern(pattern.source)}`, expected: summaryOf(node) }));
  }
  const name = keywordOf(node, "format");
  const format = typeof name === "string" ? formats.get(name) : undefined;
  if (format) {
    const isFormat = (value: Json, steps: Steps) => {
      if (typeof value !== "string") return true;
      steps.take(value.length / passedPerStep);
      return format.test(value);
    };
    checks.push(simpleCheck(isFormat, { message: `must be ${format.phrase}`, expected: summaryOf(node) }));
  }
  return checks;
}

function codePoints(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index += 1) {
    count += 1;
    if ((text.codePointAt(index) as number) > 0xffff) index += 1;
  }
  return count;
}
