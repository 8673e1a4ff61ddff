import { type Json, jsonEqual } from "../json.ts";
import type { RecordReader } from "../records/record-reader.ts";
import { leafOf, resolveAlong, resolveDefinition, walkOf } from "../resolve/resolve.ts";
import { type BatchChange, planLimits, type Refusal } from "./batch.ts";
import type { EffectiveChange, Plan } from "./plan.ts";
import { changedNamespaces, type EffectiveKind, effectiveKinds, type SuspectEnvironment, suspectEnvironments } from "./suspects.ts";

export type EffectiveOutcome =
  | ({ readonly ok: true } & Pick<Plan, "effective" | "affected">)
  | { readonly ok: false; readonly refusal: Refusal };

/**
 * What every environment would see differently: exactly what differs between resolving before and after, each place once.
 * Refused as `too_large`, before anything is resolved, when that takes more than `planLimits.comparedKeysMax` comparisons.
 */
export function effectiveChanges(reader: RecordReader, draft: RecordReader, batch: readonly BatchChange[]): EffectiveOutcome {
  const environments = suspectEnvironments(reader, draft, batch);
  const compared = environments.reduce((sum, { suspects }) => sum + countOf(suspects), 0);
  if (compared > planLimits.comparedKeysMax) return { ok: false, refusal: tooMuch(environments, compared) };
  const effective: EffectiveChange[] = [];
  for (const suspect of environments) {
    for (const kind of effectiveKinds) for (const change of differences(reader, draft, suspect, kind)) effective.push(change);
  }
  const rechained = environments.filter(({ before, after }) => before.join("\0") !== after.join("\0"));
  const affected = changedNamespaces(reader, draft, batch).length > 0 ? "all" : rechained.map(({ environment }) => environment);
  return { ok: true, effective, affected };
}

function countOf(suspects: SuspectEnvironment["suspects"]): number {
  return effectiveKinds.reduce((sum, kind) => suspects[kind].reduce((part, { size }) => part + size, sum), 0);
}

function tooMuch(environments: readonly SuspectEnvironment[], compared: number): Refusal {
  const touched = environments.filter(({ suspects }) => countOf(suspects) > 0).length;
  const detail = `What the batch changes would take comparing ${compared} keys in ${touched} environments; at most ${planLimits.comparedKeysMax} are compared for one batch. Create or change fewer environments, schemas or values at once.`;
  return { code: "too_large", detail };
}

/** The differences of one kind in one environment, sorted by key. */
function differences(
  reader: RecordReader,
  draft: RecordReader,
  { environment, before, after, suspects }: SuspectEnvironment,
  kind: EffectiveKind,
): EffectiveChange[] {
  const found: EffectiveChange[] = [];
  if (suspects[kind].length === 0) return found;
  const valueBefore = kind === "value" ? values(reader, before) : definitions(reader, kind, before);
  const valueAfter = kind === "value" ? values(draft, after) : definitions(draft, kind, after);
  const seen = new Set<string>();
  for (const keys of suspects[kind]) {
    for (const key of keys) {
      if (seen.has(key)) continue;
      if (suspects[kind].length > 1) seen.add(key);
      const left = valueBefore(key);
      const right = valueAfter(key);
      if (jsonEqual(left, right)) continue;
      found.push({ kind, environment, key, ...(left !== undefined && { before: left }), ...(right !== undefined && { after: right }) });
    }
  }
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

type InForce = (key: string) => Json | undefined;

function values(state: RecordReader, chain: readonly string[]): InForce {
  const walk = walkOf(state, chain);
  return (key) => {
    const leaf = walk && leafOf(state, key);
    return leaf && resolveAlong(state, walk, leaf)?.value;
  };
}

function definitions(state: RecordReader, kind: "flag" | "segment", chain: readonly string[]): InForce {
  return (key) => resolveDefinition(state, kind, chain, key)?.value;
}
