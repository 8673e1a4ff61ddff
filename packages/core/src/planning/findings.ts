import type { Issue } from "../issue.ts";
import type { Json } from "../json.ts";
import { schemaLimits } from "../schema/limits.ts";
import { Steps } from "../schema/steps.ts";
import { SuggestionBudget } from "../schema/suggest-key.ts";
import type { BatchChange } from "./batch.ts";

/** What planning finds on its way; bounded, because a batch may hold 200,000 changes. */
export class Findings {
  static readonly issuesMax = 1_000;
  readonly issues: Issue[] = [];
  /** Whether there are more issues than are kept. */
  hasMore = false;
  /** How many of the issues say that a sensitive key cannot be stored. */
  sensitiveKeys = 0;
  staleKey: BatchChange | undefined;
  /** What may still be spent on saying which key was meant. */
  readonly suggestions = new SuggestionBudget();
  /** What may still be spent on validating values. */
  readonly steps = new Steps(schemaLimits.validationStepsTotalMax);

  /** Takes issues until there are enough; the first one too many is not looked beyond. */
  add(issues: Iterable<Issue>): void {
    for (const issue of issues) {
      if (this.issues.length === Findings.issuesMax) {
        this.hasMore = true;
        return;
      }
      this.issues.push(issue);
    }
  }

  /** A sensitive key's issue. */
  addSensitive(issue: Issue): void {
    if (this.issues.length < Findings.issuesMax) this.sensitiveKeys += 1;
    this.add([issue]);
  }
}

/** An error about one change. */
export function issueAt(change: BatchChange, code: Issue["code"], message: string, expected: Json, received: Json): Issue {
  return {
    severity: "error",
    code,
    environment: change.environment ?? "",
    key: change.key,
    message,
    expected,
    received,
    suggestions: [],
  };
}
