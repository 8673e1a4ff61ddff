import { flagRefusal } from "../flags/flag.ts";
import type { Issue } from "../issue.ts";
import { namespaceOf } from "../key.ts";
import type { RecordReader } from "../records/record-reader.ts";
import { environmentSettingsRefusal } from "../resolve/environments.ts";
import { leafOf } from "../resolve/resolve.ts";
import { compiledSchema } from "../schema/compiled-schema.ts";
import { hiddenValue } from "../schema/validate-value.ts";
import { suggestKey, type SuggestionBudget } from "../schema/suggest-key.ts";
import type { BatchChange, Refusal } from "./batch.ts";
import { type Findings, issueAt } from "./findings.ts";

const sensitiveWords =
  "is sensitive and cannot be stored yet; until sealed storage exists it takes overrides of the application's own process only";

/** Checks what a change would store; `apply` = it may be taken into the draft, so that later changes build on it. */
export function checkContent(draft: RecordReader, change: BatchChange, findings: Findings): { refusal?: Refusal; apply?: boolean } {
  const { kind, key, value } = change;
  if (kind === "template") return { refusal: { code: "invalid_request", detail: 'The kind "template" is not available yet.' } };
  if (value === undefined) return { apply: true };
  if (kind === "environment") {
    const refusal = environmentSettingsRefusal(value);
    return refusal === undefined
      ? { apply: true }
      : { refusal: { code: "invalid_request", detail: `The environment "${key}" ${refusal}.` } };
  }
  if (kind === "schema") {
    const compiled = compiledSchema(key, value);
    if (!compiled.ok) {
      findings.add(compiled.issues);
      return { apply: false };
    }
    return { apply: true };
  }
  if (kind === "flag" || kind === "segment") {
    const refusal = kind === "flag" ? flagRefusal(value) : undefined;
    if (refusal !== undefined) {
      findings.add([issueAt(change, "constraint_violation", `The flag "${key}" ${refusal}.`, { format: "flagd flag definition" }, value)]);
      return { apply: false };
    }
    return { apply: true };
  }
  const leaf = leafOf(draft, key);
  if (!leaf) {
    findings.add([unknownKey(draft, change, findings.suggestions)]);
    return { apply: false };
  }
  if (leaf.metadata.sensitive && (change.layer ?? "stored") === "stored") {
    findings.addSensitive(issueAt(change, "constraint_violation", sensitiveWords, { sensitive: false }, hiddenValue));
    return { apply: false };
  }
  const issues = leaf.validate(value, findings.steps);
  findings.add(issues.map((issue) => ({ ...issue, environment: change.environment ?? "" })));
  return { apply: issues.length === 0 };
}

const namespacesListedMax = 20;

/** An unknown key, with the nearest known one while the budget lasts. */
export function unknownKey(reader: RecordReader, change: BatchChange, budget: SuggestionBudget): Issue {
  const namespace = namespaceOf(change.key);
  const model = reader.schema(namespace)?.model;
  const near = model ? suggestKey(change.key, model.leaves.keys(), budget) : suggestKey(namespace, reader.namespaces(), budget);
  const missing = model
    ? `The schema of "${namespace}" declares no key "${change.key}".`
    : `No schema declares the namespace "${namespace}".`;
  return issueAt(
    change,
    "unknown_key",
    near === undefined ? missing : `${missing} Did you mean "${near}"?`,
    near ?? (model ? { namespace } : { namespaces: reader.namespaces().slice(0, namespacesListedMax) }),
    change.key,
  );
}
