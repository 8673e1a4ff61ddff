/**
 * Whether a program printed what a page shows. White space counts once and empty lines not at all; `…` stands for anything within a
 * line, and alone on a line for any number of lines.
 */
export function isAsShown(printed: string, shown: string): boolean {
  const pattern = linesOf(shown).map((line) => (line === "…" ? "(?:[^\\n]*\\n)*?" : `${line.split("…").map(escaped).join("[^\\n]*")}\\n`));
  return new RegExp(`^${pattern.join("")}$`).test(
    linesOf(printed)
      .map((line) => `${line}\n`)
      .join(""),
  );
}

function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim().replaceAll(/\s+/g, " "))
    .filter((line) => line !== "");
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
