import type { RecordReader } from "../records/record-reader.ts";
import { resolveKey } from "../resolve/resolve.ts";
import type { Refusal } from "./batch.ts";
import { idOf } from "./batch-form.ts";
import type { Findings } from "./findings.ts";
import type { Plan } from "./plan.ts";

/** The first reason that stands against a commit, in the order of the wire contract: approval, versions, then the contents. */
export function verdict(plan: Omit<Plan, "refusal">, findings: Findings, reader: RecordReader): Refusal | undefined {
  const closed = plan.gates.find((gate) => !gate.open);
  if (closed) return { code: "approval_required", detail: closed.reason };
  if (findings.staleKey) {
    const { environment, key, kind } = findings.staleKey;
    const resolved = kind === "value" ? resolveKey(reader, environment ?? "", key) : undefined;
    const record = kind === "value" ? undefined : reader.record(idOf(findings.staleKey));
    const value = kind === "value" ? resolved?.value : record?.value;
    return {
      code: "version_mismatch",
      detail: plan.issues.find((issue) => issue.code === "version_mismatch")?.message ?? `"${key}" has changed meanwhile.`,
      issues: plan.issues.filter((issue) => issue.code === "version_mismatch"),
      current: {
        ...(value !== undefined && !resolved?.leaf.metadata.sensitive && { value }),
        version: resolved?.version ?? (record?.value === undefined ? 0 : record.revision),
      },
    };
  }
  const errors = plan.issues.filter((issue) => issue.severity === "error");
  const [first] = errors;
  if (!first) return undefined;
  const more = findings.hasMore
    ? ` (and more than ${errors.length - 1} others)`
    : errors.length === 1
      ? ""
      : ` (and ${errors.length - 1} more)`;
  return {
    code: errors.length === findings.sensitiveKeys ? "secrets_unavailable" : "validation_failed",
    detail: `${first.key}: ${first.message}${more}`,
    issues: plan.issues,
  };
}
