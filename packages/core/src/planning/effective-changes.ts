import { type Json, jsonEqual } from "../json.ts";
import type { RecordReader } from "../records/record-reader.ts";
import { chainOf } from "../resolve/environments.ts";
import { inheritedLayers } from "../resolve/layers.ts";
import { resolveAll, resolveDefinition, resolveDefinitions, resolveKey } from "../resolve/resolve.ts";
import type { BatchChange } from "./batch.ts";
import type { EffectiveChange } from "./plan.ts";

/** What every environment would see differently. With a changed schema or tree everything is compared, else only what was touched. */
export function effectiveChanges(
  reader: RecordReader,
  draft: RecordReader,
  batch: readonly BatchChange[],
  structural: boolean,
): EffectiveChange[] {
  if (structural) return compareAll(reader, draft);
  const effective: EffectiveChange[] = [];
  // Two changes of one key, in a parent and in its child, meet in the child: it is told once.
  const told = new Set<string>();
  for (const change of batch) {
    const places =
      change.environment === undefined
        ? draft.environments().map(({ name }) => name)
        : change.kind !== "value" || inheritedLayers.has(change.layer ?? "stored")
          ? heirsOf(draft, change.environment)
          : [change.environment];
    for (const environment of places) {
      const place = `${change.kind}\0${environment}\0${change.key}`;
      if (told.has(place)) continue;
      told.add(place);
      const [before, after] = [reader, draft].map((state) =>
        change.kind === "value"
          ? resolveKey(state, environment, change.key)?.value
          : resolveDefinition(state, change.kind as "flag" | "segment", environment, change.key)?.value,
      );
      if (!jsonEqual(before, after))
        effective.push(effectiveChange(change.kind as EffectiveChange["kind"], environment, change.key, before, after));
    }
  }
  return effective;
}

/** The environments whose chain holds a name: itself and its synced descendants. */
function heirsOf(reader: RecordReader, name: string): string[] {
  return reader
    .environments()
    .map((environment) => environment.name)
    .filter((heir) => chainOf(heir, (other) => reader.environment(other)).includes(name));
}

function compareAll(reader: RecordReader, draft: RecordReader): EffectiveChange[] {
  const effective: EffectiveChange[] = [];
  const names = new Set([...reader.environments(), ...draft.environments()].map(({ name }) => name));
  for (const environment of [...names].sort()) {
    const values = [reader, draft].map((state) => new Map([...resolveAll(state, environment)].map(([key, { value }]) => [key, value])));
    effective.push(...compare("value", environment, values[0] as Map<string, Json>, values[1] as Map<string, Json>));
    for (const kind of ["flag", "segment"] as const) {
      effective.push(
        ...compare(kind, environment, resolveDefinitions(reader, kind, environment), resolveDefinitions(draft, kind, environment)),
      );
    }
  }
  return effective;
}

function compare(
  kind: EffectiveChange["kind"],
  environment: string,
  before: ReadonlyMap<string, Json>,
  after: ReadonlyMap<string, Json>,
): EffectiveChange[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  return keys
    .filter((key) => !jsonEqual(before.get(key), after.get(key)))
    .map((key) => effectiveChange(kind, environment, key, before.get(key), after.get(key)));
}

function effectiveChange(
  kind: EffectiveChange["kind"],
  environment: string,
  key: string,
  before: Json | undefined,
  after: Json | undefined,
): EffectiveChange {
  return { kind, environment, key, ...(before !== undefined && { before }), ...(after !== undefined && { after }) };
}
