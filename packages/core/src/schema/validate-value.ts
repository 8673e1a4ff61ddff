import type { Issue } from "../issue.ts";
import { jsonDepthMax, type Json } from "../json.ts";
import type { Check, Findings, Inside, Violation } from "./check.ts";
import { pointerTo } from "./json-pointer.ts";
import { jsonValueRefusal, receivedOf } from "./json-value.ts";
import { schemaLimits } from "./limits.ts";
import { Steps, StepsUsedUp } from "./steps.ts";

/** What stands in an issue in place of a sensitive key's value. */
export const hiddenValue = "(sensitive)";

/**
 * Every violation of a compiled leaf by a value, at most `schemaLimits.valueIssuesMax`, in document order. Never throws, whatever the value;
 * linear in the value, and ends with one issue `validation_timeout` where that takes more steps than are left or
 * `schemaLimits.validationStepsMax`. Issues of sensitive keys say nothing that stems from the value.
 * @param budget what may be spent on this value and others; less what was spent afterwards
 */
export function validateValue(
  key: string,
  check: Check,
  isSensitive: boolean,
  value: Json,
  budget = new Steps(schemaLimits.validationStepsMax),
): readonly Issue[] {
  const refusal = jsonValueRefusal(value, jsonDepthMax, Infinity);
  if (refusal) {
    const isDeep = refusal === "too_deep";
    const message = isDeep ? `must not be deeper than ${jsonDepthMax} levels` : "must be a JSON value";
    const expected = isDeep ? { levels: jsonDepthMax } : "a JSON value";
    const violation = {
      inside: undefined,
      code: isDeep ? "constraint_violation" : "invalid_parameter_type",
      message,
      expected,
      received: value,
    } as const;
    return [issueOf(key, isSensitive, violation)];
  }
  const steps = new Steps(Math.min(budget.left, schemaLimits.validationStepsMax));
  const given = steps.left;
  try {
    return violations(key, check, isSensitive, value, steps);
  } catch (error) {
    if (!(error instanceof StepsUsedUp)) throw error;
    return [issueOf(key, isSensitive, usedUp(value))];
  } finally {
    budget.take(given - steps.left);
  }
}

function usedUp(value: Json): Violation {
  const { validationStepsMax, validationStepsTotalMax } = schemaLimits;
  const message = `takes more than ${validationStepsMax} steps to validate, or all values together more than ${validationStepsTotalMax}`;
  const expected = { validationSteps: validationStepsMax, validationStepsTotal: validationStepsTotalMax };
  return { inside: undefined, code: "validation_timeout", message, expected, received: value };
}

function violations(key: string, check: Check, isSensitive: boolean, value: Json, steps: Steps): readonly Issue[] {
  if (check(value, undefined, undefined, steps)) return [];
  const issues: Issue[] = [];
  const findings: Findings = {
    get isFull() {
      return issues.length >= schemaLimits.valueIssuesMax;
    },
    add: (violation) => {
      if (issues.length < schemaLimits.valueIssuesMax) issues.push(issueOf(key, isSensitive, violation));
    },
  };
  check(value, undefined, findings, steps);
  return issues;
}

function issueOf(key: string, isSensitive: boolean, violation: Violation): Issue {
  const { code, expected, inside } = violation;
  const isCompound = inside !== undefined || typeof violation.received === "object";
  const hidden = isCompound ? "is not what the schema of this sensitive key asks for" : violation.message;
  const message = isSensitive ? hidden : `${inside ? `${pointerOf(inside)} ` : ""}${violation.message}`;
  const received = isSensitive ? hiddenValue : receivedOf(violation.received);
  return { severity: "error", code, environment: "", key, message, expected, received, suggestions: [] };
}

function pointerOf(inside: Inside): string {
  return pointerTo(inside.parent ? pointerOf(inside.parent) : "", inside.token);
}
