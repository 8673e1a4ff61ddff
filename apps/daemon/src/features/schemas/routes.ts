import { type BatchChange, clientBatchLimits, type JsonObject, nameRefusal, type Refusal } from "@setpoint/core";
import { commitAnswer } from "../../engine/batch-answer.ts";
import type { Committer } from "../../engine/commit.ts";
import { answer, type Handlers, refuse } from "../../engine/handler.ts";
import type { View } from "../../engine/view.ts";

/** The schema registry over HTTP. */
export function schemaRoutes({
  view,
  committer,
}: {
  view: View;
  committer: Committer;
}): Pick<Handlers, "listSchemas" | "readSchema" | "writeSchema"> {
  return {
    listSchemas: () => {
      const schemas = view.records.namespaces().map((namespace) => {
        const schema = view.records.schema(namespace);
        return { namespace, fingerprint: schema?.model.fingerprint, version: schema?.version };
      });
      return answer({ schemas });
    },

    readSchema: ({ params: { namespace } }) => {
      const refusal = namespaceRefusal(namespace);
      if (refusal) return refuse(refusal);
      const schema = view.records.schema(namespace);
      if (!schema) return refuse({ code: "configuration_not_found", detail: `The namespace "${namespace}" has no schema.` });
      return answer(schema.model.document, { etag: String(schema.version) });
    },

    writeSchema: (call) => {
      const { namespace } = call.params;
      const change: BatchChange = {
        kind: "schema",
        key: namespace,
        value: call.body,
        ...(call.ifMatch !== undefined && { ifVersion: Number(call.ifMatch) }),
      };
      return commitAnswer(committer, call, {
        batch: () => ({ ok: true, changes: [change] }),
        limits: clientBatchLimits,
        answer: (after, plan) => ({
          namespace,
          fingerprint: after.schema(namespace)?.model.fingerprint ?? "",
          issues: plan.issues as unknown as JsonObject[],
        }),
      });
    },
  };
}

function namespaceRefusal(namespace: string): Refusal | undefined {
  const refusal = nameRefusal(namespace);
  return refusal === undefined ? undefined : { code: "invalid_key", detail: `The namespace ${JSON.stringify(namespace)} ${refusal}.` };
}
