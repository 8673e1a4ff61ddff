import { usageError } from "./cli-error.ts";
import { escapeTerminal } from "./escape-terminal.ts";

/** The revision that an option or argument gives; `undefined` where it was not given. */
export function revisionOption(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^(0|[1-9]\d{0,14})$/.test(text)) return Number(text);
  throw usageError(`${name} takes a revision such as 412; "${escapeTerminal(text)}" is none.`);
}
