import { z } from "zod";
import type { Json } from "../json.ts";
import { compilePattern, patternOfRegExp } from "./pattern.ts";

/** Formats of zod that are one of the schema's closed list. */
const closedFormats: ReadonlyMap<string, string> = new Map([
  ["email", "email"],
  ["uuid", "uuid"],
  ["guid", "uuid"],
  ["url", "uri"],
  ["ipv4", "ipv4"],
  ["ipv6", "ipv6"],
  ["hostname", "hostname"],
  ["datetime", "date-time"],
  ["date", "date"],
  ["duration", "duration"],
]);

interface StringFormat {
  readonly format: string;
  readonly pattern?: RegExp | undefined;
  readonly version?: unknown;
  readonly local?: unknown;
  readonly precision?: unknown;
  readonly hostname?: unknown;
  readonly protocol?: unknown;
  readonly normalize?: unknown;
}

/** What a zod string says beyond its length: the keywords that carry it, or why none do. */
export type StringKeywords =
  | { readonly ok: true; readonly keywords: Readonly<Record<string, Json>> }
  | { readonly ok: false; readonly reason: string };

/**
 * The `format` and `pattern` of a zod string or template literal. A format of the closed list stands for itself, without the
 * pattern that zod writes beside it; any other format is its pattern, in RE2 syntax with the expression's flags.
 */
export function stringKeywordsOf(type: z.core.$ZodString | z.core.$ZodTemplateLiteral): StringKeywords {
  const parts: Record<string, Json>[] = [];
  for (const definition of formatsOf(type)) {
    const part = keywordsOf(definition);
    if (typeof part === "string") return { ok: false, reason: part };
    parts.push(...part);
  }
  const [first] = parts;
  if (first === undefined) return { ok: true, keywords: {} };
  return { ok: true, keywords: parts.length === 1 ? first : { allOf: parts } };
}

function formatsOf(type: z.core.$ZodString | z.core.$ZodTemplateLiteral): readonly StringFormat[] {
  if (type._zod.def.type === "template_literal") return [{ format: "template", pattern: type._zod.pattern }];
  const own = type._zod.traits.has("$ZodCheck") ? [type._zod.def as unknown as StringFormat] : [];
  const checks = (type._zod.def.checks ?? []).map((check) => check._zod.def as unknown as StringFormat & { check: string });
  return [...own, ...checks.filter((check) => check.check === "string_format")];
}

function keywordsOf(definition: StringFormat): Record<string, Json>[] | string {
  const { format } = definition;
  if (definition.protocol !== undefined || (format === "url" && definition.hostname !== undefined)) {
    return "a protocol or hostname of z.url() is not carried by JSON Schema; use z.url().regex(/^https:/)";
  }
  if (definition.normalize === true) return "a URL that is normalised changes its value; use z.url() without normalize";
  const known = isOwnFormat(definition) ? undefined : closedFormats.get(format);
  const expression = known === undefined ? expressionOf(definition) : furtherExpressionOf(definition);
  if (known === undefined && expression === undefined)
    return `the format ${format} is checked by code that JSON Schema does not carry; use z.string().regex()`;
  const parts: Record<string, Json>[] = known === undefined ? [] : [{ format: known }];
  if (expression) {
    const pattern = patternOfRegExp(expression);
    const compiled =
      pattern === undefined ? { ok: false as const, reason: "is sticky, which a pattern cannot say" } : compilePattern(pattern);
    if (!compiled.ok)
      return `the pattern of the format ${format} ${compiled.reason}; use z.string().regex() with RE2 syntax, without look-around and back-references`;
    parts.push({ pattern: compiled.pattern.source });
  }
  return parts;
}

/** zod's own run-time expressions for base64 are wider than the format; these are exact. */
function expressionOf({ format, pattern }: StringFormat): RegExp | undefined {
  if (format === "base64") return z.core.regexes.base64;
  if (format === "base64url") return z.core.regexes.base64url;
  return pattern;
}

/** What a format of the closed list asks for beyond the format: a UUID version, a precision. */
function furtherExpressionOf({ version, precision, pattern }: StringFormat): RegExp | undefined {
  return version !== undefined || typeof precision === "number" ? pattern : undefined;
}

/** Whether zod holds values to something else than the format: local times, times without seconds, another expression for e-mail. */
function isOwnFormat({ format, local, precision, pattern }: StringFormat): boolean {
  return local === true || precision === -1 || (format === "email" && pattern?.source !== z.core.regexes.email.source);
}
