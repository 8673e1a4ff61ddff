import type { RecordReader } from "../records/record-reader.ts";
import type { BatchChange } from "./batch.ts";
import type { Gate } from "./plan.ts";

/** What stands between a batch and its commit besides its contents. */
export function gatesOf(reader: RecordReader, batch: readonly BatchChange[]): Gate[] {
  const names = new Set<string>();
  for (const change of batch) {
    // An environment's own record names no environment: lifting the gate is an administrator's change of that record.
    if (change.environment !== undefined) names.add(change.environment);
  }
  return [...names]
    .filter((name) => reader.environment(name)?.approvalRequired)
    .sort()
    .map((name) => ({
      gate: "approval",
      environment: name,
      open: false,
      reason: `The environment "${name}" takes approved changes only.`,
      clearedBy: "an approval; until approvals exist, setting approvalRequired to false on the environment",
    }));
}
