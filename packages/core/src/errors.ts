/**
 * The closed catalogue of codes: what a client may meet, with its HTTP status, whether the same request may succeed
 * later unchanged, a title, and a hint that says what to do. docs/reference/errors.md is generated from it.
 */
export const errorCatalogue = {
  invalid_request: {
    status: 400,
    retryable: false,
    title: "The request is malformed",
    hint: "Correct what the detail names and send it again.",
  },
  invalid_key: {
    status: 400,
    retryable: false,
    title: "Not a key",
    hint: "A key is segments of letters, digits, _ and - joined by dots, each starting with a letter.",
  },
  not_a_leaf: {
    status: 400,
    retryable: false,
    title: "The key is a branch",
    hint: "Name one of the keys below it; `setpoint get '<key>.**'` lists them.",
  },
  unauthenticated: {
    status: 401,
    retryable: false,
    title: "No valid token",
    hint: "Send `Authorization: Bearer <token>`; the first token is in the state folder's `token` file.",
  },
  access_denied: {
    status: 403,
    retryable: false,
    title: "The role does not allow this",
    hint: "Use a token with the role that the detail names.",
  },
  origin_refused: {
    status: 403,
    retryable: false,
    title: "The origin is not allowed",
    hint: "List the origin in --allowed-origins, or call from the daemon's own origin.",
  },
  approval_required: {
    status: 403,
    retryable: false,
    title: "This environment takes approved changes only",
    hint: "Set approvalRequired to false on the environment, or change another environment.",
  },
  route_not_found: { status: 404, retryable: false, title: "No such route", hint: "GET /openapi.json lists every route." },
  environment_not_found: { status: 404, retryable: false, title: "No such environment", hint: "GET /v1/environments lists them." },
  configuration_not_found: {
    status: 404,
    retryable: false,
    title: "No such configuration",
    hint: "Check the key against the schema; `setpoint get` lists all keys.",
  },
  revision_not_found: { status: 404, retryable: false, title: "No such revision", hint: "GET /v1/revisions lists them." },
  method_not_allowed: {
    status: 405,
    retryable: false,
    title: "The route does not take this method",
    hint: "The Allow header lists the methods.",
  },
  conflicting_change: { status: 409, retryable: true, title: "Another change is in the way", hint: "Read again, then repeat the change." },
  recently_reverted: {
    status: 409,
    retryable: false,
    title: "This value was reverted automatically",
    hint: "Reserved: nothing is reverted automatically yet. A person may set it again.",
  },
  version_mismatch: {
    status: 412,
    retryable: false,
    title: "The value has changed meanwhile",
    hint: "Read the current value and version, then decide again.",
  },
  too_large: { status: 413, retryable: false, title: "Too large", hint: "Send less; the detail names the limit." },
  unsupported_media_type: {
    status: 415,
    retryable: false,
    title: "Not a content type this route takes",
    hint: "Send application/json in UTF-8, not compressed.",
  },
  host_refused: {
    status: 421,
    retryable: false,
    title: "The Host header is not this daemon's",
    hint: "Use 127.0.0.1, localhost or [::1], or list the host in --allowed-hosts.",
  },
  validation_failed: {
    status: 422,
    retryable: false,
    title: "The change is not valid",
    hint: "Each issue says what was expected and what was given; nothing was changed.",
  },
  idempotency_mismatch: {
    status: 422,
    retryable: false,
    title: "The Idempotency-Key belongs to another request",
    hint: "Use a fresh key for a different request.",
  },
  secrets_unavailable: {
    status: 422,
    retryable: false,
    title: "Sensitive values cannot be stored yet",
    hint: "Keep it outside of Setpoint until sealed storage exists, for example in the application's own environment variables.",
  },
  rate_limited: { status: 429, retryable: true, title: "Too many requests", hint: "Wait as long as Retry-After says." },
  outcome_unknown: {
    status: 500,
    retryable: true,
    title: "Whether the change was stored is not known",
    hint: "Repeat it with the same Idempotency-Key.",
  },
  internal: { status: 500, retryable: true, title: "The daemon failed", hint: "The daemon's log has the cause under the request id." },
  store_unavailable: {
    status: 503,
    retryable: true,
    title: "The store does not answer",
    hint: "Nothing was written; the daemon's log has the cause.",
  },
  updates_suspended: {
    status: 503,
    retryable: true,
    title: "Writes to this environment are suspended",
    hint: "Reserved: writes cannot be suspended yet. Wait as long as Retry-After says.",
  },
  upstream_unavailable: {
    status: 503,
    retryable: true,
    title: "The upstream daemon does not answer",
    hint: "Go on with what is known and connect again. Streams only; reserved as the answer to other requests.",
  },
  store_full: { status: 507, retryable: true, title: "The disk is full", hint: "Nothing was written; free space and repeat." },
} as const satisfies Record<string, { status: number; retryable: boolean; title: string; hint: string }>;

export type ErrorCode = keyof typeof errorCatalogue;

/** A fault with a code of the catalogue. Refusals of input are values; this is thrown where a caller cannot go on. */
export class SetpointError extends Error {
  readonly code: ErrorCode;
  override readonly name = "SetpointError";

  constructor(code: ErrorCode, detail: string, options?: { cause?: unknown }) {
    super(detail, options);
    this.code = code;
  }
}
