import { stripVTControlCharacters } from "node:util";

/** Rows as lines with aligned columns, two spaces apart; colour takes no room, and the last column is not padded. */
export function columns(rows: readonly (readonly string[])[], indent = ""): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
    });
  }
  return rows.map((row) => {
    const cells = row.map((cell, index) => (index === row.length - 1 ? cell : cell + " ".repeat((widths[index] ?? 0) - widthOf(cell))));
    return `${indent}${cells.join("  ")}`.trimEnd();
  });
}

function widthOf(cell: string): number {
  return Array.from(stripVTControlCharacters(cell)).length;
}
