import type { Issue } from "../issue.ts";
import type { Json } from "../json.ts";
import type { Change } from "../records/change.ts";
import type { Refusal } from "./batch.ts";

/** What a reader of one environment would see differently. */
export interface EffectiveChange {
  readonly kind: "value" | "flag" | "segment";
  readonly environment: string;
  readonly key: string;
  readonly before?: Json;
  readonly after?: Json;
}

/** Something that stands between a valid plan and its commit, and what clears it. */
export interface Gate {
  readonly gate: "approval";
  readonly environment: string;
  readonly open: boolean;
  readonly reason: string;
  readonly clearedBy: string;
}

/** The pure result of planning a batch; committing it is another step. */
export interface Plan {
  readonly changes: readonly Change[];
  /** By environment, then values, flags, segments, then by key; each place once. */
  readonly effective: readonly EffectiveChange[];
  readonly issues: readonly Issue[];
  readonly gates: readonly Gate[];
  /** Schemas or environments change: what is derived from them must be derived anew. */
  readonly structural: boolean;
  /**
   * Environments whose values or definitions may differ in a way that the touched records do not tell: with a changed schema all
   * (also what is sensitive or readable by browsers may differ), else those that resolve from another chain, sorted. What is
   * derived from any other environment stays right with `effective` alone. Empty unless `structural`.
   */
  readonly affected: readonly string[] | "all";
  /** Why the plan may not be committed, the first reason in the order of the wire contract; absent = it may. */
  readonly refusal?: Refusal;
}
