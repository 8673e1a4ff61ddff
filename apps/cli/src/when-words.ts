const units = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 365],
  ["year", Number.POSITIVE_INFINITY],
] as const;

/** How long ago a moment was, in one unit: "3 minutes ago". */
export function agoWords(at: string, now: number): string {
  let count = Math.max(0, Math.round((now - Date.parse(at)) / 1_000));
  if (count < 5) return "just now";
  for (const [unit, next] of units) {
    if (count < next) return `${count} ${unit}${count === 1 ? "" : "s"} ago`;
    count = Math.floor(count / next);
  }
  return at;
}
