import type { Issue } from "../issue.ts";
import type { Json } from "../json.ts";
import { namespaceOf } from "../key.ts";
import type { RecordReader } from "../records/record-reader.ts";
import type { StoredRecord } from "../records/record.ts";
import { environmentLimits, treeFault } from "../resolve/environments.ts";
import { leafOf } from "../resolve/resolve.ts";
import type { BatchChange, Refusal } from "./batch.ts";
import { unknownKey } from "./check-content.ts";
import { type Findings, issueAt } from "./findings.ts";

/** What a changed tree or a removed schema would break. */
export function structureRefusal(reader: RecordReader, draft: RecordReader, batch: readonly BatchChange[]): Refusal | undefined {
  const fault = treeFault(draft.environments());
  if (fault?.kind === "unknown_parent") return { code: "environment_not_found", detail: fault.detail };
  if (fault) {
    const { kind, environment, detail } = fault;
    const code = kind === "circle" ? "circular_dependency" : "constraint_violation";
    const issue = issueAt(
      { kind: "environment", key: environment },
      code,
      detail,
      { depthMax: environmentLimits.depthMax, environmentsMax: environmentLimits.environmentsMax },
      environment,
    );
    return { code: "validation_failed", detail, issues: [issue] };
  }
  if (draft.environments().length === 0) return { code: "invalid_request", detail: "The last environment stays." };
  for (const change of batch) {
    if (change.kind !== "environment" || change.value !== undefined || !reader.environment(change.key)) continue;
    for (const kind of ["value", "flag", "segment"] as const) {
      for (const record of draft.recordsOf(kind, change.key)) {
        if (record.value === undefined) continue;
        return {
          code: "conflicting_change",
          detail: `The environment "${change.key}" still stores the ${kind} "${record.key}"; delete what it stores first.`,
        };
      }
    }
  }
  return undefined;
}

/** What looking at stored values may spend. */
type Budget = Pick<Findings, "steps" | "suggestions">;

/** Every stored value that its schema, as drafted, refuses; hidden ones too. Found as they are asked for, in one pass for all namespaces. */
export function* storedIssues(draft: RecordReader, namespaces: ReadonlySet<string>, budget: Budget): Iterable<Issue> {
  if (namespaces.size === 0) return;
  for (const environment of [...draft.environments().map(({ name }) => name), undefined]) {
    for (const record of draft.recordsOf("value", environment)) {
      if (record.value !== undefined && namespaces.has(namespaceOf(record.key))) yield* issuesOf(draft, record, record.value, budget);
    }
  }
}

function* issuesOf(draft: RecordReader, { environment, layer, key }: StoredRecord, value: Json, budget: Budget): Iterable<Issue> {
  const leaf = leafOf(draft, key);
  const place: BatchChange = { kind: "value", key, ...(environment !== undefined && { environment }) };
  if (!leaf) yield { ...unknownKey(draft, place, budget.suggestions), message: `The stored value of "${key}" would lose its declaration.` };
  else if (leaf.metadata.sensitive && layer === "stored") {
    yield issueAt(place, "constraint_violation", `"${key}" is stored and cannot become sensitive.`, { sensitive: false }, null);
  } else {
    for (const issue of leaf.validate(value, budget.steps)) {
      yield { ...issue, environment: environment ?? "", message: `The stored value would become invalid: ${issue.message}` };
    }
  }
}
