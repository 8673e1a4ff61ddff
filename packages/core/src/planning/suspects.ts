import { jsonEqual } from "../json.ts";
import { namespaceOf } from "../key.ts";
import type { RecordReader } from "../records/record-reader.ts";
import { chainOf } from "../resolve/environments.ts";
import type { BatchChange } from "./batch.ts";

/** Kinds whose records resolve to something in an environment. */
export const effectiveKinds = ["value", "flag", "segment"] as const;
export type EffectiveKind = (typeof effectiveKinds)[number];

/** One environment with the chains that it resolves from before and after, and where to look for what differs. */
export interface SuspectEnvironment {
  readonly environment: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Keys that may differ; one may stand in several sets, which environments share. Every key that does differ is in one. */
  readonly suspects: Readonly<Record<EffectiveKind, readonly ReadonlySet<string>[]>>;
}

/**
 * Where a batch can make a difference. What resolving a key reads is its leaf's existence and default and the records along
 * the chain; so a key can differ only where one of those does.
 * @param draft the same records with the batch applied
 */
export function suspectEnvironments(reader: RecordReader, draft: RecordReader, batch: readonly BatchChange[]): SuspectEnvironment[] {
  const search = new Search(reader, draft, batch);
  const names = new Set([...reader.environments(), ...draft.environments()].map(({ name }) => name));
  return [...names].sort().map((environment) => search.environment(environment));
}

/** The namespaces of a batch whose schema differs afterwards. */
export function changedNamespaces(reader: RecordReader, draft: RecordReader, batch: readonly BatchChange[]): string[] {
  return batch
    .filter(({ kind, key }) => kind === "schema" && !jsonEqual(reader.schema(key)?.model.document, draft.schema(key)?.model.document))
    .map(({ key }) => key);
}

/** The parts of two chains between what they start and end with in common: records elsewhere weigh the same in both. */
function differingParts(before: readonly string[], after: readonly string[]): readonly [readonly string[], readonly string[]] {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < most - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  return [before.slice(start, before.length - end), after.slice(start, after.length - end)];
}

class Search {
  readonly #reader: RecordReader;
  readonly #draft: RecordReader;
  readonly #namespaces: ReadonlySet<string>;
  /** Sets of keys by what they are the keys of: environments that share an ancestor share its sets. */
  readonly #sets = new Map<string, ReadonlySet<string>>();

  constructor(reader: RecordReader, draft: RecordReader, batch: readonly BatchChange[]) {
    this.#reader = reader;
    this.#draft = draft;
    this.#namespaces = new Set(changedNamespaces(reader, draft, batch));
    for (const { kind, environment, key } of batch) this.#touched(kind, environment).add(key);
  }

  environment(environment: string): SuspectEnvironment {
    const before = chainOf(environment, (name) => this.#reader.environment(name));
    const after = chainOf(environment, (name) => this.#draft.environment(name));
    const definitions = (kind: "flag" | "segment") => this.#onChain(kind, before, after).filter(({ size }) => size > 0);
    const values = [...this.#onChain("value", before, after), ...this.#ofSchemas(before, after)].filter(({ size }) => size > 0);
    return { environment, before, after, suspects: { value: values, flag: definitions("flag"), segment: definitions("segment") } };
  }

  /** Keys whose records along the chain differ: those that the batch touches, and all where the chain itself differs. */
  #onChain(kind: EffectiveKind, before: readonly string[], after: readonly string[]): ReadonlySet<string>[] {
    const [left, right] = differingParts(before, after);
    return [
      ...[...after, undefined].map((place) => this.#touched(kind, place)),
      ...left.map((place) => this.#recorded("before", kind, place)),
      ...right.map((place) => this.#recorded("after", kind, place)),
    ];
  }

  /** Keys whose leaf differs; where an environment comes or goes, every key that needs no record of its own. */
  #ofSchemas(before: readonly string[], after: readonly string[]): ReadonlySet<string>[] {
    if (before.length === 0) return [this.#declared("after"), this.#recorded("after", "value", undefined)];
    if (after.length === 0) return [this.#declared("before"), this.#recorded("before", "value", undefined)];
    if (this.#namespaces.size === 0) return [];
    return [this.#changedLeaves(), ...[...after, undefined].map((place) => this.#changedEntries(place))];
  }

  #once(name: string, find: () => Iterable<string>): ReadonlySet<string> {
    let keys = this.#sets.get(name);
    if (!keys) this.#sets.set(name, (keys = new Set(find())));
    return keys;
  }

  #touched(kind: BatchChange["kind"], place: string | undefined): Set<string> {
    return this.#once(`touched\0${kind}\0${place ?? ""}`, () => []) as Set<string>;
  }

  #recorded(moment: "before" | "after", kind: EffectiveKind, place: string | undefined): ReadonlySet<string> {
    const state = moment === "before" ? this.#reader : this.#draft;
    return this.#once(`recorded\0${moment}\0${kind}\0${place ?? ""}`, () => liveKeys(state, kind, place));
  }

  #declared(moment: "before" | "after"): ReadonlySet<string> {
    const state = moment === "before" ? this.#reader : this.#draft;
    return this.#once(`declared\0${moment}`, () => leafKeys(state, state.namespaces()));
  }

  #changedLeaves(): ReadonlySet<string> {
    return this.#once("leaves", () =>
      [this.#reader, this.#draft].flatMap((state) => [...leafKeys(state, this.#namespaces)].filter((key) => this.#resolvesOtherwise(key))),
    );
  }

  /** Keys recorded in a place that only one of the schemas declares or none: entries of a map that is open before or after. */
  #changedEntries(place: string | undefined): ReadonlySet<string> {
    return this.#once(`entries\0${place ?? ""}`, () =>
      [...this.#recorded("after", "value", place)].filter((key) => this.#namespaces.has(namespaceOf(key)) && this.#resolvesOtherwise(key)),
    );
  }

  /** Whether the same records can resolve to something else: the key exists on one side only, or its default differs. */
  #resolvesOtherwise(key: string): boolean {
    const [before, after] = [this.#reader, this.#draft].map((state) => state.schema(namespaceOf(key))?.model);
    // The default of an open map's entry is never in force.
    return !before?.leafOf(key) !== !after?.leafOf(key) || !jsonEqual(before?.leaves.get(key)?.default, after?.leaves.get(key)?.default);
  }
}

function* leafKeys(state: RecordReader, namespaces: Iterable<string>): Iterable<string> {
  for (const namespace of namespaces) yield* state.schema(namespace)?.model.leaves.keys() ?? [];
}

function* liveKeys(state: RecordReader, kind: EffectiveKind, place: string | undefined): Iterable<string> {
  for (const { key, value } of state.recordsOf(kind, place)) if (value !== undefined) yield key;
}
