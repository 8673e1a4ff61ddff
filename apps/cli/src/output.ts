import { safeJson } from "./escape-terminal.ts";
import { createPalette, mayColour, type Palette } from "./palette.ts";

/** The three ways to tell a result. Text cells must have gone through `escapeTerminal` or `safeJson`. */
export interface Result {
  /** The stable form, for scripts. */
  readonly json: unknown;
  /** For people: whole lines. */
  readonly text: (style: Palette) => readonly string[];
  /** For grep and cut: one record per line, cells apart by a tab; without it, the text without colour. */
  readonly plain?: () => readonly (readonly string[])[];
}

/** Standard output is the result, standard error what is said about it. */
export interface Output {
  readonly mode: "text" | "plain" | "json";
  readonly style: Palette;
  /** The palette of standard error. */
  readonly noteStyle: Palette;
  result(result: Result): void;
  /** One line of an endless result. */
  line(result: Result): void;
  /** Something to know beside the result. */
  note(text: string): void;
}

export interface OutputStream {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

export interface OutputOptions {
  readonly json?: boolean | undefined;
  readonly plain?: boolean | undefined;
  readonly color: boolean;
  /** What stands for a result that is not on a terminal; long-running commands talk to people there, too. */
  readonly piped: "json" | "text";
}

/** The output that options, terminal and environment ask for: `--json`, `--plain`, text on a terminal, else JSON. */
export function createOutput(
  streams: { readonly stdout: OutputStream; readonly stderr: OutputStream },
  env: Readonly<Record<string, string | undefined>>,
  { json, plain, color, piped }: OutputOptions,
): Output {
  const { stdout, stderr } = streams;
  const mode = json ? "json" : plain ? "plain" : stdout.isTTY ? "text" : piped;
  const style = createPalette(mode === "text" && mayColour(stdout, env, color));
  const print = (lines: readonly string[]): void => {
    if (lines.length > 0) stdout.write(`${lines.join("\n")}\n`);
  };
  const linesOf = ({ text, plain: rows }: Result): readonly string[] =>
    mode === "plain" && rows ? rows().map((cells) => cells.join("\t")) : text(style);
  return {
    mode,
    style,
    noteStyle: createPalette(mayColour(stderr, env, color)),
    result: (result) => print(mode === "json" ? [safeJson(result.json, stdout.isTTY ? 2 : undefined)] : linesOf(result)),
    line: (result) => print(mode === "json" ? [safeJson(result.json)] : linesOf(result)),
    note: (text) => void stderr.write(`${text}\n`),
  };
}
