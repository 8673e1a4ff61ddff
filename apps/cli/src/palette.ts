import { styleText } from "node:util";

/** How parts of a line stand out; without colour every function returns its text as it is. */
export interface Palette {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

export function createPalette(hasColour: boolean): Palette {
  const style = (format: "bold" | "dim" | "red" | "green" | "yellow" | "cyan") => (text: string) =>
    hasColour && text !== "" ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: style("bold"),
    dim: style("dim"),
    red: style("red"),
    green: style("green"),
    yellow: style("yellow"),
    cyan: style("cyan"),
  };
}

/** Whether colour may go to a stream: a terminal that can, and nobody who said no. */
export function mayColour(
  stream: { readonly isTTY?: boolean | undefined },
  env: Readonly<Record<string, string | undefined>>,
  isWanted: boolean,
): boolean {
  return isWanted && stream.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb";
}
