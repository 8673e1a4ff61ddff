import { resolveLeaf, chainOf, type RecordReader } from "@setpoint/core";
import { answer, type Handlers } from "../../engine/handler.ts";
import type { View } from "../../engine/view.ts";

/** Something that is not as it should be, while the daemon goes on serving. */
export interface HealthProblem {
  readonly code: string;
  readonly detail: string;
}

export const healthLimits = { missingKeysListedMax: 20 } as const;

/** `/livez` and `/readyz`. A degraded daemon still serves, so it is ready and says why it is degraded. */
export function healthRoutes({
  view,
  problems,
}: {
  view: View;
  problems: () => readonly HealthProblem[];
}): Pick<Handlers, "livez" | "readyz"> {
  let missing: { readonly revision: number; readonly problems: readonly HealthProblem[] } | undefined;
  return {
    livez: () => answer({ status: "ok" }),
    readyz: () => {
      if (missing?.revision !== view.head.revision) missing = { revision: view.head.revision, problems: missingRequired(view.records) };
      const all = [...problems(), ...missing.problems];
      return answer({ status: all.length === 0 ? "ok" : "degraded", verifying: false, revision: view.head.revision, problems: all });
    },
  };
}

/** Required keys that no layer gives a value, per environment. */
function missingRequired(records: RecordReader): HealthProblem[] {
  const problems: HealthProblem[] = [];
  for (const namespace of records.namespaces()) {
    const required = [...(records.schema(namespace)?.model.leaves.values() ?? [])].filter(
      (leaf) => leaf.required && leaf.default === undefined,
    );
    for (const { name } of required.length === 0 ? [] : records.environments()) {
      const chain = chainOf(name, (other) => records.environment(other));
      for (const leaf of required) {
        if (problems.length === healthLimits.missingKeysListedMax) return problems;
        if (resolveLeaf(records, chain, leaf)) continue;
        problems.push({ code: "missing_required_parameter", detail: `"${leaf.key}" is required and has no value in "${name}".` });
      }
    }
  }
  return problems;
}
