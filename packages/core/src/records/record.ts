import type { Json } from "../json.ts";
import type { Layer } from "../resolve/layers.ts";

/** Kinds that configuration consists of; rollback, revert and import act on these only. */
export const configurationKinds = ["value", "flag", "segment", "template", "schema", "environment"] as const;
export type ConfigurationKind = (typeof configurationKinds)[number];

/** Kinds that govern the store itself; they are never rolled back with configuration. */
export const controlKinds = ["token", "snapshot-name", "project"] as const;
export type ControlKind = (typeof controlKinds)[number];

export type RecordKind = ConfigurationKind | ControlKind;

/** What one record is stored under. `environment` is absent for kinds (and file defaults) that hold for all; `layer` only for values. */
export interface RecordId {
  readonly kind: RecordKind;
  readonly environment?: string;
  readonly layer?: Layer;
  readonly key: string;
}

/** The last change of one record at or before some revision. A deleted record stays known without a value. */
export interface StoredRecord extends RecordId {
  readonly value?: Json;
  /** The revision of that change; never 0. */
  readonly revision: number;
}

/** One string per record id, unique; for maps and sorting. */
export function recordIdText(id: RecordId): string {
  return `${id.kind}\0${id.environment ?? ""}\0${id.layer ?? ""}\0${id.key}`;
}
