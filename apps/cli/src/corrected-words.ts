import { type Json, jsonEqual, parseJson } from "@setpoint/core";
import type { CliError } from "./cli-error.ts";
import { safeJson } from "./escape-terminal.ts";
import { nearestAllowed } from "./nearest-allowed.ts";

/** The user's own words with all that was wrong put right; `undefined` where that is not known of everything. */
export function correctedWords({ details }: CliError, words: readonly string[]): readonly string[] | undefined {
  const { correction, keyCorrections = [], issues = [] } = details;
  let corrected = words;
  for (const issue of issues) {
    if (keyCorrections.some(([given]) => given === issue.key)) continue;
    const nearest = nearestAllowed(issue);
    const before = corrected;
    if (nearest !== undefined) corrected = replaceValue(before, issue.key, issue.received, nearest);
    // A command that would be refused for another reason helps nobody.
    if (corrected === before) return undefined;
  }
  for (const [given, meant] of correction ? [correction, ...keyCorrections] : keyCorrections) {
    corrected = replaceWord(corrected, given, meant);
  }
  return corrected.some((word, index) => word !== words[index]) ? corrected : undefined;
}

function replaceWord(words: readonly string[], given: string, meant: string): readonly string[] {
  return words.map((word) => {
    if (word === given) return meant;
    if (word.startsWith(`${given}=`)) return meant + word.slice(given.length);
    return word.endsWith(`=${given}`) ? word.slice(0, -given.length) + meant : word;
  });
}

/** Replaces the value of a key where it is certain which word is the value: `key=value`, or the one word that says what was received. */
function replaceValue(words: readonly string[], key: string, received: Json, value: Json): readonly string[] {
  const text = typeof value === "string" ? value : safeJson(value);
  const pair = words.findIndex((word) => word.startsWith(`${key}=`));
  if (pair >= 0) return words.with(pair, `${key}=${text}`);
  const says = words.flatMap((word, index) => (index !== words.indexOf(key) && isText(word, received) ? [index] : []));
  const [only, another] = says;
  return only === undefined || another !== undefined ? words : words.with(only, text);
}

function isText(word: string, value: Json): boolean {
  if (word === value) return true;
  const parsed = parseJson(word);
  return parsed.ok && jsonEqual(parsed.value, value);
}
