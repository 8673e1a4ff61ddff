import { invariant } from "../invariant.ts";
import { isJsonObject } from "../json.ts";
import { type Environment, environmentOf } from "../resolve/environments.ts";
import type { Layer } from "../resolve/layers.ts";
import { compiledSchema } from "../schema/compiled-schema.ts";
import { type RecordId, type RecordKind, recordIdText, type StoredRecord } from "./record.ts";
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

/** Records in memory with the indexes that reading needs. Applying an older record than the one held is the caller's fault. */
export class RecordSet implements RecordReader {
  /** kind → environment ("" = none) → key and layer → record */
  readonly #records = new Map<RecordKind, Map<string, Map<string, StoredRecord>>>();
  readonly #registry = new Registry();

  constructor(records: Iterable<StoredRecord> = []) {
    for (const record of records) this.apply(record);
  }

  apply(record: StoredRecord): void {
    let environments = this.#records.get(record.kind);
    if (!environments) this.#records.set(record.kind, (environments = new Map()));
    let keys = environments.get(record.environment ?? "");
    if (!keys) environments.set(record.environment ?? "", (keys = new Map()));
    keys.set(slot(record.layer, record.key), record);
    this.#registry.apply(record);
  }

  record(id: RecordId): StoredRecord | undefined {
    return this.#records
      .get(id.kind)
      ?.get(id.environment ?? "")
      ?.get(slot(id.layer, id.key));
  }

  valueRecord(environment: string | undefined, layer: Layer, key: string): StoredRecord | undefined {
    return this.#records
      .get("value")
      ?.get(environment ?? "")
      ?.get(slot(layer, key));
  }

  recordsOf(kind: RecordKind, environment: string | undefined): Iterable<StoredRecord> {
    return (
      this.#records
        .get(kind)
        ?.get(environment ?? "")
        ?.values() ?? []
    );
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

/** The stored layer, by far the commonest, is kept under the bare key: no string is made to look it up. */
function slot(layer: Layer | undefined, key: string): string {
  return layer === undefined || layer === "stored" ? key : `${layer}\0${key}`;
}

/** Further records over a reader that stays as it is: what a plan, or a batch that is not durable yet, would make of it. */
export class RecordOverlay implements RecordReader {
  readonly #base: RecordReader;
  readonly #records = new Map<string, StoredRecord>();
  #registry: Registry | undefined;

  constructor(base: RecordReader) {
    this.#base = base;
  }

  apply(record: StoredRecord): void {
    this.#records.set(recordIdText(record), record);
    if (record.kind === "schema" || record.kind === "environment") {
      this.#registry ??= copyRegistry(this.#base);
      this.#registry.apply(record);
    }
  }

  record(id: RecordId): StoredRecord | undefined {
    return this.#records.get(recordIdText(id)) ?? this.#base.record(id);
  }

  valueRecord(environment: string | undefined, layer: Layer, key: string): StoredRecord | undefined {
    if (this.#records.size === 0) return this.#base.valueRecord(environment, layer, key);
    return this.#records.get(`value\0${environment ?? ""}\0${layer}\0${key}`) ?? this.#base.valueRecord(environment, layer, key);
  }

  *recordsOf(kind: RecordKind, environment: string | undefined): Iterable<StoredRecord> {
    for (const record of this.#base.recordsOf(kind, environment)) {
      if (!this.#records.has(recordIdText(record))) yield record;
    }
    for (const record of this.#records.values()) {
      if (record.kind === kind && record.environment === environment) yield record;
    }
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
