import type { Json } from "../json.ts";
import { namespaceOf } from "../key.ts";
import type { RecordReader } from "../records/record-reader.ts";
import type { StoredRecord } from "../records/record.ts";
import type { Leaf } from "../schema/model.ts";
import { chainOf } from "./environments.ts";
import { inheritedLayers, type Layer, recordedLayers } from "./layers.ts";

/** The value of a key that is in force. */
export interface ResolvedValue {
  readonly value: Json;
  readonly layer: Layer;
  /** Where the winning record is stored; absent for defaults and for what holds everywhere. */
  readonly environment?: string;
  /**
   * The highest revision among the records that resolving read: on every layer, from the environment upwards to the first that
   * holds a value (deletions met on the way count), and the schema where its default shows.
   */
  readonly version: number;
  readonly leaf: Leaf;
}

/** One layer's say about a key. */
export interface Candidate {
  readonly layer: Layer;
  readonly environment?: string;
  readonly value: Json;
  /** The record it came from; absent for a schema's default. */
  readonly record?: StoredRecord;
  readonly wins: boolean;
}

/** The leaf that a key names, when a registered schema declares it. */
export function leafOf(reader: RecordReader, key: string): Leaf | undefined {
  return reader.schema(namespaceOf(key))?.model.leafOf(key);
}

/**
 * The value of a key in an environment: the highest layer that has one wins, within a layer the nearest environment.
 * `undefined` when no schema declares the key or no layer gives it a value.
 * @param record called for every candidate, highest first: the same walk, so that what is told cannot differ from what is served
 */
export function resolveKey(
  reader: RecordReader,
  environment: string,
  key: string,
  record?: (candidate: Candidate) => void,
): ResolvedValue | undefined {
  const leaf = leafOf(reader, key);
  if (!leaf) return undefined;
  return resolveLeaf(
    reader,
    chainOf(environment, (name) => reader.environment(name)),
    leaf,
    record,
  );
}

/** Where the values of an environment come from, in the order in which resolving looks; places without any record are left out. */
export type Walk = readonly { readonly layer: Layer; readonly places: readonly (string | undefined)[] }[];

/** The walk along an environment chain (nearest first); `undefined` when the chain is empty, because the environment does not exist. */
export function walkOf(reader: RecordReader, chain: readonly string[]): Walk | undefined {
  if (chain.length === 0) return undefined;
  const everywhere = [...chain, undefined];
  return recordedLayers
    .map((layer) => {
      const places = inheritedLayers.has(layer) ? everywhere : chain.slice(0, 1);
      return { layer, places: places.filter((place) => reader.hasValues(place, layer)) };
    })
    .filter(({ places }) => places.length > 0);
}

/** As `resolveKey`, for a leaf and an environment chain (nearest first) that the caller holds already. */
export function resolveLeaf(
  reader: RecordReader,
  chain: readonly string[],
  leaf: Leaf,
  record?: (candidate: Candidate) => void,
): ResolvedValue | undefined {
  const walk = walkOf(reader, chain);
  return walk && resolveAlong(reader, walk, leaf, record);
}

/** As `resolveLeaf`, for a walk that the caller made once for many leaves. */
export function resolveAlong(
  reader: RecordReader,
  walk: Walk,
  leaf: Leaf,
  record?: (candidate: Candidate) => void,
): ResolvedValue | undefined {
  let winner: Omit<ResolvedValue, "version" | "leaf"> | undefined;
  let version = 0;
  const offer = (layer: Layer, found: StoredRecord) => {
    const candidate = { layer, ...(found.environment !== undefined && { environment: found.environment }), value: found.value as Json };
    record?.({ ...candidate, record: found, wins: winner === undefined });
    winner ??= candidate;
  };
  for (const { layer, places } of walk) {
    let decided = false;
    for (const environment of places) {
      const found = reader.valueRecord(environment, layer, leaf.key);
      if (!found) continue;
      if (!decided) version = Math.max(version, found.revision);
      if (found.value === undefined) continue;
      decided = true;
      offer(layer, found);
      if (!record) break;
    }
  }
  if (leaf.default !== undefined && (record || !winner)) {
    const schema = reader.schema(namespaceOf(leaf.key));
    // An entry of an open map is there because some record gives it: its default would give a value to every name there is.
    if (schema?.model.leaves.has(leaf.key)) {
      record?.({ layer: "default", value: leaf.default, wins: winner === undefined });
      if (!winner) {
        winner = { layer: "default", value: leaf.default };
        version = Math.max(version, schema.version);
      }
    }
  }
  return winner && { ...winner, version, leaf };
}

/** Every key that can have a value in an environment: declared leaves, and entries of open maps that some record gives. Sorted. */
export function keysOf(reader: RecordReader, environment: string, namespaces: Iterable<string> = reader.namespaces()): string[] {
  const keys = new Set<string>();
  const wanted = new Set(namespaces);
  for (const namespace of wanted) for (const key of reader.schema(namespace)?.model.leaves.keys() ?? []) keys.add(key);
  for (const place of [...chainOf(environment, (name) => reader.environment(name)), undefined]) {
    for (const { key, value } of reader.recordsOf("value", place)) {
      if (value === undefined || keys.has(key) || !wanted.has(namespaceOf(key))) continue;
      if (leafOf(reader, key)) keys.add(key);
    }
  }
  return [...keys].sort();
}

/** Every value in force in an environment, by key, sorted; sensitive ones included. */
export function resolveAll(
  reader: RecordReader,
  environment: string,
  namespaces: Iterable<string> = reader.namespaces(),
): Map<string, ResolvedValue> {
  const walk = walkOf(
    reader,
    chainOf(environment, (name) => reader.environment(name)),
  );
  const values = new Map<string, ResolvedValue>();
  if (!walk) return values;
  for (const key of keysOf(reader, environment, namespaces)) {
    const leaf = leafOf(reader, key);
    const resolved = leaf && resolveAlong(reader, walk, leaf);
    if (resolved) values.set(key, resolved);
  }
  return values;
}

/** The definition of a flag or segment in force along an environment chain: the nearest wins whole. */
export function resolveDefinition(
  reader: RecordReader,
  kind: "flag" | "segment",
  chain: readonly string[],
  key: string,
): StoredRecord | undefined {
  for (const environment of chain) {
    const found = reader.record({ kind, environment, key });
    if (found?.value !== undefined) return found;
  }
  return undefined;
}

/** Every flag's or segment's definition in force in an environment, by key, sorted. */
export function resolveDefinitions(reader: RecordReader, kind: "flag" | "segment", environment: string): Map<string, Json> {
  const found = new Map<string, Json>();
  for (const place of chainOf(environment, (name) => reader.environment(name))) {
    for (const { key, value } of reader.recordsOf(kind, place)) {
      if (value !== undefined && !found.has(key)) found.set(key, value);
    }
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
