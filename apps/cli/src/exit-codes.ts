import type { ErrorCode } from "@setpoint/core";

/** What the program's end says to a script. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  /** `diff` found differences. */
  differences: 3,
  /** Denied by a role, a policy, a missing approval or a missing confirmation. */
  refused: 4,
  /** Somebody else's change is in the way. */
  conflict: 5,
  invalid: 6,
  notFound: 7,
  unreachable: 8,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The exit code of every code of the error catalogue. */
export const exitCodeOfError = {
  invalid_request: exitCodes.usage,
  invalid_key: exitCodes.invalid,
  not_a_leaf: exitCodes.invalid,
  unauthenticated: exitCodes.refused,
  access_denied: exitCodes.refused,
  origin_refused: exitCodes.refused,
  approval_required: exitCodes.refused,
  route_not_found: exitCodes.failed,
  environment_not_found: exitCodes.notFound,
  configuration_not_found: exitCodes.notFound,
  revision_not_found: exitCodes.notFound,
  method_not_allowed: exitCodes.failed,
  conflicting_change: exitCodes.conflict,
  recently_reverted: exitCodes.conflict,
  version_mismatch: exitCodes.conflict,
  too_large: exitCodes.invalid,
  unsupported_media_type: exitCodes.failed,
  host_refused: exitCodes.refused,
  validation_failed: exitCodes.invalid,
  idempotency_mismatch: exitCodes.conflict,
  secrets_unavailable: exitCodes.refused,
  rate_limited: exitCodes.failed,
  outcome_unknown: exitCodes.failed,
  internal: exitCodes.failed,
  store_unavailable: exitCodes.failed,
  updates_suspended: exitCodes.refused,
  upstream_unavailable: exitCodes.unreachable,
  store_full: exitCodes.failed,
} as const satisfies Record<ErrorCode, ExitCode>;
