import type { ChangeLog, Head } from "../../ports/change-log.ts";
import type { Witness } from "./head-witness.ts";

/** What log and head file say together. All but the first three mean that commits may be lost. */
export type HeadComparison =
  | { readonly state: "first-start" | "agrees" | "log-ahead" }
  | { readonly state: "log-behind" | "log-missing" | "other-history" | "unreadable-witness"; readonly declaration: string };

/**
 * Compares the log's head with the head file. `hashAtWitness` is the log's hash at the head file's revision, if it has one.
 * The file is written after the log, so a log that is ahead is fine; one that ends before it, or is empty beside it, has lost commits.
 */
export function compareHead(log: Head, witness: Witness, hashAtWitness: string | undefined): HeadComparison {
  if (witness.state === "unreadable") {
    return {
      state: "unreadable-witness",
      declaration: `${witness.reason} Whether the log, which ends at revision ${log.revision}, is complete cannot be said.`,
    };
  }
  if (witness.state === "absent") return { state: log.revision === 0 ? "first-start" : "log-ahead" };
  const { revision, hash } = witness.head;
  if (log.revision === 0 && revision > 0) {
    return {
      state: "log-missing",
      declaration: `The log is empty or missing, but it had reached revision ${revision}: this is not a first start. Put the store back from a backup.`,
    };
  }
  if (log.revision < revision) {
    return {
      state: "log-behind",
      declaration: `The log ends at revision ${log.revision}, but it had reached revision ${revision}: ${revision - log.revision} committed revisions are lost.`,
    };
  }
  if (revision > 0 && hashAtWitness !== hash) {
    return {
      state: "other-history",
      declaration: `The log holds another history: its revision ${revision} is not the one that was committed here. The store was replaced.`,
    };
  }
  return { state: log.revision === revision ? "agrees" : "log-ahead" };
}

/** `compareHead` on a log: looks up the hash that the head file names. */
export async function checkHead(log: ChangeLog, witness: Witness): Promise<HeadComparison> {
  const head = await log.head();
  const revision = witness.state === "readable" ? witness.head.revision : 0;
  const [entry] = revision > 0 && revision <= head.revision ? await log.outlines(revision - 1, 1) : [];
  return compareHead(head, witness, entry?.hash);
}
