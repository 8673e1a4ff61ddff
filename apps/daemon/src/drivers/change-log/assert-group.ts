import { invariant, recordIdText } from "@setpoint/core";
import type { Head, NewEntry } from "../../ports/change-log.ts";

/** Fails when a group breaks the port's contract: gapless revisions from `expected` on, readable times, no record twice in an entry. */
export function assertGroup(expected: Head, entries: readonly NewEntry[]): void {
  let revision = expected.revision;
  for (const entry of entries) {
    revision += 1;
    invariant(entry.revision === revision, `entry ${entry.revision} stands where revision ${revision} belongs`);
    invariant(!Number.isNaN(Date.parse(entry.at)), `entry ${revision} has no readable time`);
    invariant(hasDistinctRecords(entry), `entry ${revision} changes one record twice`);
  }
}

function hasDistinctRecords({ changes }: NewEntry): boolean {
  return changes.length < 2 || new Set(changes.map(recordIdText)).size === changes.length;
}
