import { isJsonObject, type Json, suggestKey } from "@setpoint/core";
import type { Finding } from "./daemon.ts";

/**
 * The value nearest to the one given that the expectation allows, where that is plain to see: a bound, or a similar word. Nothing
 * for a finding inside a value: its bound is not one of the whole value.
 */
export function nearestAllowed({ message, expected, received }: Pick<Finding, "message" | "expected" | "received">): Json | undefined {
  // A finding inside a value begins with its JSON pointer.
  if (!isJsonObject(expected) || message.startsWith("/")) return undefined;
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
