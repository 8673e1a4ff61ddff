import { type BatchChange, daemonBatchLimits, type Json, type Plan, planBatch, RecordSet } from "@setpoint/core";

/** Schemas that the tests of planning and resolving stand on. */
export const shopSchema = {
  type: "object",
  properties: {
    maxItems: { type: "integer", minimum: 1, maximum: 100, default: 10, "x-setpoint-client": true },
    banner: { type: "string", maxLength: 40 },
    apiKey: { type: "string", "x-setpoint-sensitive": true },
    delivery: {
      type: "object",
      properties: { days: { type: "integer", default: 3 }, rules: { type: "object", additionalProperties: { type: "number" } } },
    },
  },
} as const;

/** A tree `base → staging → production`, with `lab` beside staging. */
export function shopRecords(): RecordSet {
  const records = new RecordSet();
  accept(records, [
    { kind: "environment", key: "base", value: {} },
    { kind: "environment", key: "staging", value: { parent: "base" } },
    { kind: "environment", key: "lab", value: { parent: "base" } },
    { kind: "environment", key: "production", value: { parent: "staging", isProduction: true } },
    { kind: "schema", key: "shop", value: shopSchema },
  ]);
  return records;
}

const revisions = new WeakMap<RecordSet, number>();

/** The revision that the next accepted batch gets. */
export function nextRevision(records: RecordSet): number {
  return (revisions.get(records) ?? 0) + 1;
}

/** Plans a batch and, as the daemon would, takes it in; throws where it is refused. */
export function accept(records: RecordSet, batch: readonly BatchChange[]): Plan {
  const revision = nextRevision(records);
  const outcome = planBatch(records, batch, revision, daemonBatchLimits);
  if (!outcome.ok) throw new Error(outcome.refusal.detail);
  if (outcome.plan.refusal) throw new Error(outcome.plan.refusal.detail);
  for (const { before: _, after, ...id } of outcome.plan.changes) {
    records.apply({ ...id, ...(after !== undefined && { value: after }), revision });
  }
  revisions.set(records, revision);
  return outcome.plan;
}

export function setValue(environment: string, key: string, value: Json): BatchChange {
  return { kind: "value", environment, key, value };
}

export function deleteValue(environment: string, key: string): BatchChange {
  return { kind: "value", environment, key };
}
