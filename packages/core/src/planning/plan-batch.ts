import type { Change } from "../records/change.ts";
import type { RecordReader } from "../records/record-reader.ts";
import { RecordOverlay } from "../records/record-set.ts";
import type { BatchChange, BatchLimits, Refusal } from "./batch.ts";
import { batchRefusal, environmentRefusal, idOf, inOrder, keyProblem, missingEnvironment } from "./batch-form.ts";
import { checkContent } from "./check-content.ts";
import { storedIssues, structureRefusal } from "./check-structure.ts";
import { checkVersion } from "./check-version.ts";
import { effectiveChanges } from "./effective-changes.ts";
import { Findings } from "./findings.ts";
import { gatesOf } from "./gates.ts";
import type { Plan } from "./plan.ts";
import { verdict } from "./verdict.ts";

export type PlanOutcome = { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly refusal: Refusal };

/**
 * Plans a batch against the records of one moment, without effect.
 * A malformed batch, an unknown environment or a wrong key is refused outright; what a preview can show (gates, versions, issues) is in the plan.
 * @param revision the revision that the batch would get
 */
export function planBatch(reader: RecordReader, batch: readonly BatchChange[], revision: number, limits: BatchLimits): PlanOutcome {
  const malformed = batchRefusal(batch, limits);
  if (malformed) return { ok: false, refusal: malformed };

  const draft = new RecordOverlay(reader);
  const findings = new Findings();
  const missing = missingEnvironment(reader, batch);
  if (missing !== undefined) return { ok: false, refusal: environmentRefusal(reader, missing) };
  for (const change of inOrder(batch)) {
    const refusal = keyProblem(draft, change);
    if (refusal) return { ok: false, refusal };
    const { refusal: content, apply } = checkContent(draft, change, findings);
    if (content) return { ok: false, refusal: content };
    if (apply) draft.apply({ ...idOf(change), ...(change.value !== undefined && { value: change.value }), revision });
  }
  const structural = batch.some(({ kind }) => kind === "environment" || kind === "schema");
  if (structural) {
    const refusal = structureRefusal(reader, draft, batch);
    if (refusal) return { ok: false, refusal };
    const namespaces = new Set(batch.filter(({ kind }) => kind === "schema").map(({ key }) => key));
    findings.add(storedIssues(draft, namespaces, findings));
  }
  for (const change of batch) checkVersion(reader, change, findings);

  const outcome = effectiveChanges(reader, draft, batch);
  if (!outcome.ok) return outcome;
  const { effective, affected } = outcome;
  const plan = {
    changes: batch.map((change) => changeOf(reader, change)),
    effective,
    issues: findings.issues,
    gates: gatesOf(reader, batch),
    structural,
    affected,
  };
  const refusal = verdict(plan, findings, reader);
  return { ok: true, plan: { ...plan, ...(refusal && { refusal }) } };
}

function changeOf(reader: RecordReader, change: BatchChange): Change {
  const before = reader.record(idOf(change))?.value;
  return {
    ...idOf(change),
    ...(before !== undefined && { before }),
    ...(change.value !== undefined && { after: change.value }),
  };
}
