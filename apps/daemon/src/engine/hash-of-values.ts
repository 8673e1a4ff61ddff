import { addSums, emptyStateSum, type Json, recordSum, stateHashText } from "@setpoint/core";

/** The state hash of some values alone, 16 hex. */
export function hashOfValues(values: Readonly<Record<string, Json>>): string {
  let sum = emptyStateSum;
  for (const key of Object.keys(values)) sum = addSums(sum, recordSum("value", key, values[key]));
  return stateHashText(sum);
}
