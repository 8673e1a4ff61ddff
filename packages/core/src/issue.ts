import type { Json } from "./json.ts";
import type { Change } from "./records/change.ts";

/** Codes of one finding about one key; the problem that carries them has a code of the catalogue. */
export const issueCodes = [
  "invalid_parameter_type",
  "constraint_violation",
  "missing_required_parameter",
  "circular_dependency",
  "validation_timeout",
  "unknown_key",
  "version_mismatch",
] as const;
export type IssueCode = (typeof issueCodes)[number];

/** A repair that was validated before it was offered. */
export interface Suggestion {
  readonly message: string;
  readonly changes: readonly Change[];
}

/** One finding: what is wrong with which key where, what was expected and what was given. Warnings never block. */
export interface Issue {
  readonly severity: "error" | "warning";
  readonly code: IssueCode;
  /** Empty where an issue holds for all environments, as a schema's does. */
  readonly environment: string;
  readonly key: string;
  readonly rule?: string;
  readonly message: string;
  readonly expected: Json;
  readonly received: Json;
  readonly suggestions: readonly Suggestion[];
}
