import type { ProblemError } from "@setpoint/client/admin";
import { type ErrorCode, errorCatalogue } from "@setpoint/core";
import { CliError, type Correction } from "./cli-error.ts";
import { commandLine } from "./command-line.ts";
import { correctedWords } from "./corrected-words.ts";
import { escapeTerminal } from "./escape-terminal.ts";
import { exitCodeOfError, exitCodes } from "./exit-codes.ts";
import type { GlobalOptions } from "./invocation.ts";
import { issueWords, offeredName } from "./issue-words.ts";
import type { Palette } from "./palette.ts";
import { valueWords } from "./value-words.ts";

/** What to do in this program's own words, where the catalogue speaks of requests. */
const hints: Partial<Record<ErrorCode, string>> = {
  unauthenticated: "Name the file of a valid token with --token-file, or the project with -C.",
  environment_not_found: "`setpoint status` lists the environments.",
  configuration_not_found: "`setpoint get` lists all keys.",
  revision_not_found: "`setpoint history` lists the revisions.",
  version_mismatch: "Look at what it is now (`setpoint explain <key>`), then decide again.",
  idempotency_mismatch: "Run the command again.",
  outcome_unknown: "`setpoint history` shows whether it was stored; if it was not, run the command again.",
};

/** Most findings told one by one. */
const issuesShownMax = 10;

/** A daemon's refusal as the error that ends the command. */
export function errorOfProblem(problem: ProblemError): CliError {
  const { code, detail, issues, current, requestId } = problem;
  const rows: [string, string][] = [];
  if (current) rows.push(["now", `${valueWords(current.value)}, version ${current.version}`]);
  if ((code === "internal" || code === "outcome_unknown") && requestId !== undefined) rows.push(["request", escapeTerminal(requestId)]);
  const isKnown = code !== "unreachable" && code !== "unreadable";
  return new CliError(isKnown ? exitCodeOfError[code] : exitCodes.failed, escapeTerminal(detail), {
    code,
    rows,
    issues,
    fix: isKnown ? (hints[code] ?? errorCatalogue[code].hint) : undefined,
    correction: correctionOf(detail),
    cause: problem,
  });
}

/** The mistyped name and the offered one that a sentence holds. */
function correctionOf(sentence: string): Correction | undefined {
  const meant = offeredName(sentence);
  const given = /"([^"]+)"/.exec(sentence)?.[1];
  return meant === undefined || given === undefined || given === meant ? undefined : [given, meant];
}

/** The lines that tell a person what went wrong, what was given and what to do. */
export function faultLines(
  error: CliError,
  place: { readonly cwd: string; readonly options: GlobalOptions; readonly words: readonly string[] },
  style: Palette,
): string[] {
  const { rows = [], fix, issues = [], correction } = error.details;
  const label = (text: string) => `  ${style.dim(text.padEnd(9))} `;
  const lines = [`${style.red(style.bold("error:"))} ${error.message}`];
  const told = issues.slice(0, issuesShownMax);
  for (const issue of told) {
    // A single finding is the message already.
    if (issues.length > 1 || error.message !== issueWords(issue)) lines.push(`  ${style.yellow("•")} ${issueWords(issue)}`);
    if (issue.received !== null && !["unknown_key", "version_mismatch"].includes(issue.code))
      lines.push(`${label("given")}${valueWords(issue.received)}`);
  }
  if (issues.length > told.length) lines.push(`  ${style.dim(`and ${issues.length - told.length} more; --json has them all`)}`);
  lines.push(...rows.map(([name, text]) => `${label(name)}${text}`));
  const retry = correctedWords(error, place.words);
  if (retry) lines.push(`${label("try")}${style.cyan(commandLine({ cwd: place.cwd, options: { color: true, input: true } }, retry))}`);
  else if (fix !== undefined) lines.push(`${label("to fix")}${fix}`);
  if (correction && !retry && fix === undefined) lines.push(`${label("try")}${escapeTerminal(correction[1])}`);
  return lines;
}
