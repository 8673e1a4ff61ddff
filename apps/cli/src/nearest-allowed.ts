import { isJsonObject, type Json, suggestKey } from "@setpoint/core";
import type { Finding } from "./daemon.ts";

/**
 * The value nearest to the one given that the expectation allows, where that is plain to see: a bound, or a similar word. Nothing
 * for a finding inside a value: its bound is not one of the whole value.
 */
export function nearestAllowed({ message, expected, received }: Pick<Finding, "message" | "expected" | "received">): Json | undefined {
  // A finding inside a value begins with its JSON pointer.
  if (!isJsonObject(expected) || message.startsWith("/")) return undefined;
  const { type, minimum, maximum, enum: words } = expected;
  if (type === "boolean") return switchOf(received);
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

const onWords: ReadonlySet<unknown> = new Set(["yes", "y", "on", "enabled", "1", 1]);
const offWords: ReadonlySet<unknown> = new Set(["no", "n", "off", "disabled", "0", 0]);

/** The position of a switch that another word for it, or a mistyped one, means. */
function switchOf(received: Json): boolean | undefined {
  const word = typeof received === "string" ? received.toLowerCase() : received;
  if (onWords.has(word)) return true;
  if (offWords.has(word)) return false;
  const near = typeof word === "string" ? suggestKey(word, ["true", "false"]) : undefined;
  return near === undefined ? undefined : near === "true";
}
