import { isJsonObject, type Json, suggestKey } from "@setpoint/core";
import type { Finding } from "./daemon.ts";

/** The value nearest to the one given that the expectation allows, where that is plain to see: a bound, or a similar word. */
export function nearestAllowed({ expected, received }: Pick<Finding, "expected" | "received">): Json | undefined {
  if (!isJsonObject(expected)) return undefined;
  const { minimum, maximum, enum: words } = expected;
  if (typeof received === "number") {
    if (typeof maximum === "number" && received > maximum) return maximum;
    if (typeof minimum === "number" && received < minimum) return minimum;
  }
  if (typeof received === "string" && Array.isArray(words)) {
    return suggestKey(
      received,
      words.filter((word) => typeof word === "string"),
    );
  }
  return undefined;
}
