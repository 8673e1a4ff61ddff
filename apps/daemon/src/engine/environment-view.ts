import {
  addSums,
  emptyStateSum,
  type HashedKind,
  type Json,
  namespaceOf,
  type RecordReader,
  recordSum,
  resolveAll,
  resolveDefinitions,
  type StateSum,
  stateHashText,
  subtractSums,
} from "@setpoint/core";
import type { Audience } from "@setpoint/protocol";

/** What replicas of one environment hold, with the sums of its state hash per audience and namespace. Sensitive keys are in none of it. */
export class EnvironmentView {
  readonly values = new Map<string, Json>();
  /** The part of the values that browsers may read. */
  readonly clientValues = new Map<string, Json>();
  readonly flags = new Map<string, Json>();
  readonly segments = new Map<string, Json>();
  readonly #sums: Record<Audience, Map<string, StateSum>> = { server: new Map(), client: new Map() };
  #definitionSum: StateSum = emptyStateSum;
  #sortedValues: readonly string[] | undefined;

  /** Everything that is in force in an environment. */
  static of(reader: RecordReader, environment: string): EnvironmentView {
    const view = new EnvironmentView();
    for (const [key, { value, leaf }] of resolveAll(reader, environment)) {
      if (!leaf.metadata.sensitive) view.setValue(key, value, leaf.metadata.client);
    }
    for (const kind of ["flag", "segment"] as const) {
      for (const [key, value] of resolveDefinitions(reader, kind, environment)) view.setDefinition(kind, key, value);
    }
    return view;
  }

  setValue(key: string, value: Json | undefined, isClient: boolean): void {
    const before = this.values.get(key);
    if ((before === undefined) !== (value === undefined)) this.#sortedValues = undefined;
    this.#count("server", key, before, value);
    put(this.values, key, value);
    if (!isClient) return;
    this.#count("client", key, before, value);
    put(this.clientValues, key, value);
  }

  setDefinition(kind: "flag" | "segment", key: string, value: Json | undefined): void {
    const definitions = kind === "flag" ? this.flags : this.segments;
    this.#definitionSum = changed(this.#definitionSum, kind, key, definitions.get(key), value);
    put(definitions, key, value);
  }

  valuesFor(audience: Audience): ReadonlyMap<string, Json> {
    return audience === "server" ? this.values : this.clientValues;
  }

  /** The keys of all values, sorted. */
  sortedKeys(): readonly string[] {
    return (this.#sortedValues ??= [...this.values.keys()].sort());
  }

  /** The state hash of a projection: its namespaces' values and, for servers, every flag and segment. */
  hash(audience: Audience, namespaces: readonly string[] | undefined): string {
    let sum = audience === "server" ? this.#definitionSum : emptyStateSum;
    for (const [namespace, part] of this.#sums[audience]) {
      if (!namespaces || namespaces.includes(namespace)) sum = addSums(sum, part);
    }
    return stateHashText(sum);
  }

  #count(audience: Audience, key: string, before: Json | undefined, after: Json | undefined): void {
    const sums = this.#sums[audience];
    const namespace = namespaceOf(key);
    sums.set(namespace, changed(sums.get(namespace) ?? emptyStateSum, "value", key, before, after));
  }
}

function put(map: Map<string, Json>, key: string, value: Json | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

function changed(sum: StateSum, kind: HashedKind, key: string, before: Json | undefined, after: Json | undefined): StateSum {
  const without = before === undefined ? sum : subtractSums(sum, recordSum(kind, key, before));
  return after === undefined ? without : addSums(without, recordSum(kind, key, after));
}
