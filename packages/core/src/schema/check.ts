import type { IssueCode } from "../issue.ts";
import type { Json } from "../json.ts";
import type { Steps } from "./steps.ts";

/** Where inside a leaf's value a check is; `undefined` is the value itself. */
export interface Inside {
  readonly parent: Inside | undefined;
  readonly token: string | number;
}

/** One violation: `message` is the end of a sentence that starts with the place, such as "must be true or false". */
export interface Violation {
  readonly inside: Inside | undefined;
  readonly code: IssueCode;
  readonly message: string;
  readonly expected: Json;
  readonly received: Json;
}

/** Takes violations until it has as many as it wants. */
export interface Findings {
  readonly isFull: boolean;
  add(violation: Violation): void;
}

/**
 * A compiled subschema. Without `findings` it answers as soon as it knows; with them it reports every violation,
 * and still answers whether there is none. Throws StepsUsedUp where the steps do not suffice.
 */
export type Check = (value: Json, inside: Inside | undefined, findings: Findings | undefined, steps: Steps) => boolean;

/** What to say when a check fails. */
export type Complaint = Pick<Violation, "message" | "expected"> & { readonly code?: IssueCode };

/** A check of one value by itself: `holds` decides, `complaint` is what a violation says. */
export function simpleCheck(holds: (value: Json, steps: Steps) => boolean, complaint: Complaint): Check {
  return (value, inside, findings, steps) => {
    if (holds(value, steps)) return true;
    findings?.add({ code: "constraint_violation", ...complaint, inside, received: value });
    return false;
  };
}

/** All checks in order: stops at the first failure unless findings are wanted and not yet complete. */
export function allChecks(checks: readonly Check[]): Check {
  const [only] = checks;
  if (only === undefined) return () => true;
  if (checks.length === 1) return only;
  return (value, inside, findings, steps) => {
    let isValid = true;
    for (const check of checks) {
      if (check(value, inside, findings, steps)) continue;
      isValid = false;
      if (!findings || findings.isFull) return false;
    }
    return isValid;
  };
}
