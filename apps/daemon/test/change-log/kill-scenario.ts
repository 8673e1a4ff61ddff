import type { Head, NewEntry } from "../../src/ports/change-log.ts";

/** What the killed process writes: groups of entries, each setting every key to its own revision. */
export const groupEntries = 3;
export const scenarioKeys = ["a.one", "a.two", "a.three", "a.four"];

/** The group that follows `head`. */
export function groupAfter(head: Head): NewEntry[] {
  return Array.from({ length: groupEntries }, (_, index) => {
    const revision = head.revision + 1 + index;
    return {
      revision,
      at: new Date(Date.UTC(2026, 0, 1) + revision).toISOString(),
      header: `{"revision":${revision}}`,
      content: "{}",
      changes: scenarioKeys.map((key) => ({
        kind: "value" as const,
        environment: "base",
        layer: "stored" as const,
        key,
        salt: "5a".repeat(16),
        after: { revision, padding: "x".repeat(200) },
      })),
    };
  });
}
