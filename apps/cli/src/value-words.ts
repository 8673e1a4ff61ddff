import type { Json } from "@setpoint/core";
import { escapeTerminal, safeJson } from "./escape-terminal.ts";
import type { Palette } from "./palette.ts";

const shownCharactersMax = 100;

/** A value as JSON on one line, shortened where it is long; absent is said in words. */
export function valueWords(value: Json | undefined, absent = "(none)"): string {
  if (value === undefined) return absent;
  const text = safeJson(value);
  return text.length <= shownCharactersMax ? text : `${text.slice(0, shownCharactersMax - 1)}…`;
}

/** Something that was one value and is another. */
export interface Difference {
  readonly kind?: string;
  readonly environment?: string | undefined;
  readonly key: string;
  readonly before?: Json | undefined;
  readonly after?: Json | undefined;
}

/** The cells of a difference: sign, environment, key, old and new value. */
export function differenceCells({ kind = "value", environment, key, before, after }: Difference, style: Palette): string[] {
  const name = kind === "value" ? escapeTerminal(key) : `${kind} ${escapeTerminal(key)}`;
  const place = escapeTerminal(environment ?? "");
  const old = valueWords(before);
  const now = valueWords(after);
  if (before === undefined && after === undefined) return [" ", place, name, style.dim("not stored")];
  if (before === undefined) return [style.green("+"), place, name, style.green(now)];
  if (after === undefined) return [style.red("-"), place, name, style.red(old)];
  return [style.yellow("~"), place, name, `${style.dim(old)} ${style.dim("→")} ${style.bold(now)}`];
}
