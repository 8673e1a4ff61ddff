import type { Issue } from "../issue.ts";
import type { Json, JsonObject } from "../json.ts";
import type { Steps } from "./steps.ts";

/** What a changed value asks of a running component. */
export type Effect = "live" | "reinitialize" | "restart";

/** What is told about a key besides its type; texts are outside the fingerprint. */
export interface KeyMetadata {
  readonly description?: string;
  readonly impact?: string;
  readonly unit?: string;
  readonly owner?: string;
  readonly deprecated?: boolean;
  /** Readable by browsers (audience `client`). */
  readonly client: boolean;
  readonly userEditable: boolean;
  readonly sensitive: boolean;
  readonly effect: Effect;
}

/** One key that the schema gives a value. */
export interface Leaf {
  /** The full key, namespace first. */
  readonly key: string;
  /** The subschema as stored. */
  readonly schema: JsonObject | boolean;
  readonly metadata: KeyMetadata;
  /** Absent when the schema gives none. */
  readonly default?: Json;
  /** Whether the enclosing objects require it. */
  readonly required: boolean;
  /** Every violation of the subschema; empty = valid. Issues carry this leaf's key and an empty environment. `budget`: what several values may take together. */
  validate(value: Json, budget?: Steps): readonly Issue[];
}

/** A namespace's schema, compiled: the only form that resolving, planning and validating see. */
export interface SchemaModel {
  readonly namespace: string;
  /** The JSON Schema as stored, untouched. */
  readonly document: JsonObject;
  /** sha256 (16 hex) of keys, types, constraints and rules, without texts. */
  readonly fingerprint: string;
  /** Declared leaves by full key, sorted by key. */
  readonly leaves: ReadonlyMap<string, Leaf>;
  /** The leaf of a full key: declared, or an entry of an open map marked `x-setpoint-entries: "keys"`. */
  leafOf(key: string): Leaf | undefined;
  /** Whether the full key names a branch (a declared object, an open map of keys, or the namespace itself). */
  isBranch(key: string): boolean;
}

export type CompiledSchema = { readonly ok: true; readonly model: SchemaModel } | { readonly ok: false; readonly issues: readonly Issue[] };
