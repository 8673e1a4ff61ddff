import { invariant } from "../invariant.ts";
import { isJsonObject } from "../json.ts";
import { type Environment, environmentOf } from "../resolve/environments.ts";
import type { Layer } from "../resolve/layers.ts";
import { compiledSchema } from "../schema/compiled-schema.ts";
import type { RecordId, RecordKind, StoredRecord } from "./record.ts";
import type { RecordReader, RegisteredSchema } from "./record-reader.ts";

/** Schemas and environments as the newest of some records describe them. */
class Registry {
  readonly schemas = new Map<string, RegisteredSchema>();
  readonly environments = new Map<string, Environment>();
  #namespaces: readonly string[] | undefined;
  #environmentList: readonly Environment[] | undefined;

  apply(record: StoredRecord): void {
    if (record.kind === "environment") {
      this.#environmentList = undefined;
      if (record.value === undefined) this.environments.delete(record.key);
      else this.environments.set(record.key, environmentOf(record.key, record.value, record.revision));
    }
    if (record.kind === "schema") {
      this.#namespaces = undefined;
      if (record.value === undefined) this.schemas.delete(record.key);
      else this.schemas.set(record.key, registered(record));
    }
  }

  get namespaces(): readonly string[] {
    return (this.#namespaces ??= [...this.schemas.keys()].sort());
  }

  get environmentList(): readonly Environment[] {
    return (this.#environmentList ??= [...this.environments.values()].sort((a, b) => (a.name < b.name ? -1 : 1)));
  }
}

function registered(record: StoredRecord): RegisteredSchema {
  invariant(isJsonObject(record.value), "a stored schema is an object");
  const compiled = compiledSchema(record.key, record.value);
  invariant(compiled.ok, `the stored schema of "${record.key}" compiles`);
  return { model: compiled.model, version: record.revision };
}

/** Records by kind, environment ("" = none), layer (absent = `stored`) and key, so that looking one up makes no string. */
class RecordIndex {
  readonly #kinds = new Map<RecordKind, Map<string, Map<Layer, Map<string, StoredRecord>>>>();

  put(record: StoredRecord): void {
    let environments = this.#kinds.get(record.kind);
    if (!environments) this.#kinds.set(record.kind, (environments = new Map()));
    let layers = environments.get(record.environment ?? "");
    if (!layers) environments.set(record.environment ?? "", (layers = new Map()));
    let keys = layers.get(record.layer ?? "stored");
    if (!keys) layers.set(record.layer ?? "stored", (keys = new Map()));
    keys.set(record.key, record);
  }

  get(kind: RecordKind, environment: string | undefined, layer: Layer | undefined, key: string): StoredRecord | undefined {
    return this.#kinds
      .get(kind)
      ?.get(environment ?? "")
      ?.get(layer ?? "stored")
      ?.get(key);
  }

  /** The records of a place, one map by key per layer; `undefined` when it has none. */
  layersOf(kind: RecordKind, environment: string | undefined): ReadonlyMap<Layer, ReadonlyMap<string, StoredRecord>> | undefined {
    return this.#kinds.get(kind)?.get(environment ?? "");
  }
}

/** Records in memory with the indexes that reading needs. Applying an older record than the one held is the caller's fault. */
export class RecordSet implements RecordReader {
  readonly #records = new RecordIndex();
  readonly #registry = new Registry();

  constructor(records: Iterable<StoredRecord> = []) {
    for (const record of records) this.apply(record);
  }

  apply(record: StoredRecord): void {
    this.#records.put(record);
    this.#registry.apply(record);
  }

  record({ kind, environment, layer, key }: RecordId): StoredRecord | undefined {
    return this.#records.get(kind, environment, layer, key);
  }

  valueRecord(environment: string | undefined, layer: Layer, key: string): StoredRecord | undefined {
    return this.#records.get("value", environment, layer, key);
  }

  hasValues(environment: string | undefined, layer: Layer): boolean {
    return this.#records.layersOf("value", environment)?.has(layer) ?? false;
  }

  *recordsOf(kind: RecordKind, environment: string | undefined): Iterable<StoredRecord> {
    for (const records of this.#records.layersOf(kind, environment)?.values() ?? []) yield* records.values();
  }

  schema(namespace: string): RegisteredSchema | undefined {
    return this.#registry.schemas.get(namespace);
  }

  namespaces(): readonly string[] {
    return this.#registry.namespaces;
  }

  environment(name: string): Environment | undefined {
    return this.#registry.environments.get(name);
  }

  environments(): readonly Environment[] {
    return this.#registry.environmentList;
  }
}

/** Further records over a reader that stays as it is: what a plan, or a batch that is not durable yet, would make of it. */
export class RecordOverlay implements RecordReader {
  readonly #base: RecordReader;
  readonly #records = new RecordIndex();
  #registry: Registry | undefined;

  constructor(base: RecordReader) {
    this.#base = base;
  }

  apply(record: StoredRecord): void {
    this.#records.put(record);
    if (record.kind === "schema" || record.kind === "environment") {
      this.#registry ??= copyRegistry(this.#base);
      this.#registry.apply(record);
    }
  }

  record(id: RecordId): StoredRecord | undefined {
    return this.#records.get(id.kind, id.environment, id.layer, id.key) ?? this.#base.record(id);
  }

  valueRecord(environment: string | undefined, layer: Layer, key: string): StoredRecord | undefined {
    return this.#records.get("value", environment, layer, key) ?? this.#base.valueRecord(environment, layer, key);
  }

  hasValues(environment: string | undefined, layer: Layer): boolean {
    return this.#records.layersOf("value", environment)?.has(layer) || this.#base.hasValues(environment, layer);
  }

  *recordsOf(kind: RecordKind, environment: string | undefined): Iterable<StoredRecord> {
    const own = this.#records.layersOf(kind, environment);
    for (const record of this.#base.recordsOf(kind, environment)) {
      if (!own?.get(record.layer ?? "stored")?.has(record.key)) yield record;
    }
    for (const records of own?.values() ?? []) yield* records.values();
  }

  schema(namespace: string): RegisteredSchema | undefined {
    return this.#registry ? this.#registry.schemas.get(namespace) : this.#base.schema(namespace);
  }

  namespaces(): readonly string[] {
    return this.#registry?.namespaces ?? this.#base.namespaces();
  }

  environment(name: string): Environment | undefined {
    return this.#registry ? this.#registry.environments.get(name) : this.#base.environment(name);
  }

  environments(): readonly Environment[] {
    return this.#registry?.environmentList ?? this.#base.environments();
  }
}

function copyRegistry(base: RecordReader): Registry {
  const registry = new Registry();
  for (const environment of base.environments()) registry.environments.set(environment.name, environment);
  for (const namespace of base.namespaces()) {
    const schema = base.schema(namespace);
    if (schema) registry.schemas.set(namespace, schema);
  }
  return registry;
}
