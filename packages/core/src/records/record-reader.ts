import type { Environment } from "../resolve/environments.ts";
import type { Layer } from "../resolve/layers.ts";
import type { SchemaModel } from "../schema/model.ts";
import type { RecordId, RecordKind, StoredRecord } from "./record.ts";

/** A schema in force and the revision of its record. */
export interface RegisteredSchema {
  readonly model: SchemaModel;
  readonly version: number;
}

/** All records of one moment, as resolving and planning read them. Deleted records are found too, without a value. */
export interface RecordReader {
  record(id: RecordId): StoredRecord | undefined;
  /** The record of one key's value on one layer; `environment` absent for what holds for all. */
  valueRecord(environment: string | undefined, layer: Layer, key: string): StoredRecord | undefined;
  /** Whether a place has any record of a value on a layer, deleted ones included: where not, `valueRecord` finds none for any key. */
  hasValues(environment: string | undefined, layer: Layer): boolean;
  /** Records of a kind in an environment (absent = those that name none), deleted ones included, in no order. */
  recordsOf(kind: RecordKind, environment: string | undefined): Iterable<StoredRecord>;
  schema(namespace: string): RegisteredSchema | undefined;
  /** Namespaces with a schema, sorted. */
  namespaces(): readonly string[];
  environment(name: string): Environment | undefined;
  /** Live environments, sorted by name. */
  environments(): readonly Environment[];
}
