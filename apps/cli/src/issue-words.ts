import type { Finding } from "./daemon.ts";
import { escapeTerminal } from "./escape-terminal.ts";

/** A finding in one sentence, with the key and the environment it is about. */
export function issueWords({ key, environment, message }: Finding): string {
  const place = environment === "" ? "" : ` in ${escapeTerminal(environment)}`;
  return `${escapeTerminal(key)}${place}: ${escapeTerminal(message)}`;
}

/** The name that a sentence of the daemon offers instead of a mistyped one. */
export function offeredName(sentence: string): string | undefined {
  return /Did you mean "([^"]+)"\?/.exec(sentence)?.[1];
}
