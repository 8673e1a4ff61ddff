import {
  type Change,
  decide,
  type Json,
  type JsonObject,
  kindRoles,
  leafOf,
  type Plan,
  type RecordReader,
  resolveKey,
} from "@setpoint/core";
import type { BatchMaker, Committer, CommitRequest, PreviewOutcome } from "./commit.ts";
import { type Answer, answer, type Caller, refuse } from "./handler.ts";
import type { View } from "./view.ts";

/** What of a call every commit needs. */
interface CommittingCall {
  readonly caller: Caller;
  readonly requestId: string;
  readonly origin: string;
  readonly idempotency?: { readonly key: string; readonly request: string };
}

/** A batch that is refused where it holds a kind that the caller's role may not change: a rollback may bring schemas back, too. */
export function permitted(caller: Caller, batch: BatchMaker): BatchMaker {
  return (reader) => {
    const made = batch(reader);
    if (!made.ok) return made;
    for (const kind of new Set(made.changes.map((change) => change.kind))) {
      const decision = decide(caller, kindRoles[kind]);
      if (!decision.allowed) return { ok: false, refusal: { code: "access_denied", detail: `${decision.reason} (kind ${kind})` } };
    }
    return made;
  };
}

/** Commits for a call and answers it. */
export async function commitAnswer(
  committer: Committer,
  call: CommittingCall,
  request: Omit<CommitRequest, "principal" | "origin" | "requestId" | "idempotency">,
): Promise<Answer> {
  const { kind, id, name } = call.caller;
  const outcome = await committer.commit({
    ...request,
    batch: permitted(call.caller, request.batch),
    principal: { kind, id, name },
    origin: call.origin,
    requestId: call.requestId,
    ...(call.idempotency && { idempotency: call.idempotency }),
  });
  if (!outcome.ok) return refuse(outcome.refusal);
  return answer(outcome.body, outcome.replayed ? { headers: { "idempotency-replayed": "true" } } : {});
}

/** The body of an accepted batch: its changes with the versions they have now. */
export function batchBody(after: RecordReader, plan: Plan): JsonObject {
  return { changes: plan.changes.map((change) => withVersion(after, change)), issues: plan.issues as unknown as Json };
}

/** The answer to a preview; versions are those of today. */
export function previewBody(view: View, outcome: PreviewOutcome): Answer {
  if (!outcome.ok) return refuse(outcome.refusal);
  const { plan, basedOn } = outcome;
  return answer({
    valid: plan.refusal === undefined,
    basedOn,
    changes: plan.changes.map((change) => masked(view.records, withVersion(view.records, change))),
    effective: plan.effective.filter(({ kind }) => kind === "value").map(({ kind: _, ...change }) => change),
    issues: plan.issues,
    gates: plan.gates.map(({ gate, open, reason, clearedBy }) => ({ gate, open, reason, clearedBy })),
  });
}

/** A change of a sensitive key without what it would store. */
function masked(reader: RecordReader, change: JsonObject): JsonObject {
  if (change["kind"] !== "value" || !leafOf(reader, change["key"] as string)?.metadata.sensitive) return change;
  const { before: _, after: __, ...rest } = change;
  return { ...rest, masked: true };
}

/** A change as the wire shows it: without its layer. */
export function wireChange({ layer: _, ...change }: Change): JsonObject {
  return change;
}

function withVersion(reader: RecordReader, change: Change): JsonObject {
  const record = reader.record(change);
  const version =
    change.kind === "value"
      ? (resolveKey(reader, change.environment ?? "", change.key)?.version ?? 0)
      : record?.value === undefined
        ? 0
        : record.revision;
  return { ...wireChange(change), version };
}
