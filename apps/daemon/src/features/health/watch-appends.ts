import { SetpointError } from "@setpoint/core";
import type { ChangeLog } from "../../ports/change-log.ts";
import type { HealthProblem } from "./routes.ts";

/** A log that works as the one given, and what keeps it from being written, from an append that failed until one succeeds. */
export function watchAppends(log: ChangeLog): { readonly log: ChangeLog; problem(): HealthProblem | undefined } {
  let problem: HealthProblem | undefined;
  const append: ChangeLog["append"] = async (expected, entries) => {
    try {
      const outcome = await log.append(expected, entries);
      problem = undefined;
      return outcome;
    } catch (fault) {
      problem = problemOf(fault) ?? problem;
      throw fault;
    }
  };
  return { log: { ...log, append }, problem: () => problem };
}

/** A fault of the store, as opposed to a batch that it refuses. */
function problemOf(fault: unknown): HealthProblem | undefined {
  if (!(fault instanceof SetpointError)) return undefined;
  const { code, message } = fault;
  if (code === "store_full" || code === "store_unavailable") return { code, detail: message };
  return code === "outcome_unknown" ? { code: "store_unavailable", detail: message } : undefined;
}
