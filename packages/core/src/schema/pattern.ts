import { RE2JS } from "re2js";
import { schemaLimits } from "./limits.ts";

/** A compiled `pattern`: whether it is found anywhere in the text, in time linear in the text. */
export interface Pattern {
  readonly source: string;
  /** What every character of a text may cost. */
  readonly instructions: number;
  test(text: string): boolean;
}

/** Compiles a `pattern` in RE2 syntax (no look-around, no back-references), or says why it is refused. */
export function compilePattern(source: string): { ok: true; pattern: Pattern } | { ok: false; reason: string } {
  if (source.length > schemaLimits.patternCharactersMax) {
    return { ok: false, reason: `is longer than ${schemaLimits.patternCharactersMax} characters` };
  }
  try {
    const compiled = RE2JS.compile(source);
    const instructions = compiled.programSize();
    if (instructions > schemaLimits.patternInstructionsMax) {
      return { ok: false, reason: `compiles to ${instructions} instructions, more than ${schemaLimits.patternInstructionsMax}` };
    }
    return { ok: true, pattern: { source, instructions, test: (text) => compiled.test(text) } };
  } catch (cause) {
    return { ok: false, reason: `does not compile as RE2 (${cause instanceof Error ? cause.message : "unknown reason"})` };
  }
}

/** The RE2 pattern of a JavaScript regular expression, its flags as an inline group; `undefined` where a flag has no counterpart. */
export function patternOfRegExp(expression: RegExp): string | undefined {
  if (expression.sticky) return undefined;
  const source = RE2JS.translateRegExp(expression.source);
  const flags = `${expression.ignoreCase ? "i" : ""}${expression.multiline ? "m" : ""}${expression.dotAll ? "s" : ""}`;
  return flags === "" ? source : `(?${flags})${source}`;
}
