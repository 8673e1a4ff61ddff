import { CliError, usageError } from "./cli-error.ts";
import type { Daemon } from "./daemon.ts";
import { escapeTerminal } from "./escape-terminal.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Invocation } from "./invocation.ts";
import { momentForms, readMoment } from "./moment.ts";
import { agoWords } from "./when-words.ts";

/**
 * The revision that a moment names, as the daemon takes it; a cursor names its own.
 * @throws CliError with code 2 for any other word, with code 7 for a time when the environment was not there yet
 */
export async function revisionAt(invocation: Invocation, daemon: Daemon, environment: string, text: string): Promise<number | string> {
  const moment = readMoment(text, invocation.now());
  if (!moment) {
    if (/^\d{1,15}-[0-9a-f]{16}$/.test(text)) return text;
    throw usageError(`"${escapeTerminal(text)}" is not a revision.`, `Name ${momentForms}; \`setpoint history\` lists the revisions.`);
  }
  if ("revision" in moment) return moment.revision;
  const read = () => daemon.call("readConfig", { params: { environment }, query: { at: moment.at } });
  return (await atMoment(invocation, daemon, { environment, text }, read)).revision;
}

/** Reads what was at a moment; that the environment was not there yet is told as such. */
export async function atMoment<T>(
  invocation: Invocation,
  daemon: Daemon,
  place: { readonly environment: string; readonly text: string },
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof CliError) || error.details.code !== "environment_not_found") throw error;
    throw await notYet(invocation, daemon, place);
  }
}

/** That at a moment there was nothing yet, or not yet this environment. */
export async function notYet(
  { now }: Invocation,
  daemon: Daemon,
  { environment, text }: { readonly environment: string; readonly text: string },
): Promise<CliError> {
  const moment = readMoment(text, now());
  const [first] = (await daemon.call("listRevisions", { query: { limit: "1" } })).revisions;
  const isBeforeAll = moment && first && ("revision" in moment ? moment.revision < first.revision : moment.at < first.at);
  const words = isBeforeAll
    ? `${whenWords(text)} there was nothing yet: the first revision, ${first.revision}, was made ${agoWords(first.at, now())} (${first.at}).`
    : `${whenWords(text)} there was no environment "${escapeTerminal(environment)}" yet.`;
  return new CliError(exitCodes.notFound, words, { code: "environment_not_found", fix: "`setpoint history` lists the revisions." });
}

function whenWords(text: string): string {
  if (/^\d+$/.test(text)) return `At revision ${text}`;
  return /^\d+[smhd]$/.test(text) ? `${text} ago` : `At ${escapeTerminal(text)}`;
}
