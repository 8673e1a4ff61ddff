import type { ErrorCode } from "../errors.ts";
import type { Issue } from "../issue.ts";
import type { Json } from "../json.ts";
import type { ConfigurationKind } from "../records/record.ts";
import type { Layer } from "../resolve/layers.ts";

/** One wish of a batch. Absent `value` = delete. */
export interface BatchChange {
  readonly kind: ConfigurationKind;
  readonly environment?: string;
  readonly key: string;
  readonly value?: Json;
  /** For values only; absent = `stored`. */
  readonly layer?: Layer;
  /** Refuse unless this is the version now: of a value the resolved one, of other kinds the record's revision. 0 = nothing there. */
  readonly ifVersion?: number;
  /** Refuse if that environment itself stores the key. */
  readonly ifAbsent?: true;
}

/** Bounds of one batch; who sends it decides which hold. */
export interface BatchLimits {
  readonly changesMax: number;
  readonly valueBytesMax: number;
}

export const clientBatchLimits: BatchLimits = { changesMax: 1_000, valueBytesMax: 256 * 1024 };
export const daemonBatchLimits: BatchLimits = { changesMax: 200_000, valueBytesMax: 256 * 1024 };

/** Bounds of the work that planning one batch may make, whoever sends it. */
export const planLimits = {
  /** Keys that are resolved before and after, counted per environment, to tell what a batch changes where. */
  comparedKeysMax: 2_000_000,
} as const;

/** Why a request cannot be carried out, as a value. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly issues?: readonly Issue[];
  readonly current?: { readonly value?: Json; readonly version: number };
}
