import { type ErrorCode, errorCatalogue, type Issue, type Json } from "@setpoint/core";
import type { Problem } from "@setpoint/protocol";

/** A code of the catalogue, or what happens before a daemon can answer with one. */
export type ProblemCode = ErrorCode | "unreachable" | "unreadable";

/** A call that was refused or failed, as problem+json said it; `unreachable` and `unreadable` are said by the client itself. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  /** The HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail: string;
  /** The same call may succeed later unchanged. */
  readonly retryable: boolean;
  readonly requestId: string | undefined;
  readonly issues: readonly Issue[];
  /** Of a version that did not match: what is there now. */
  readonly current: { readonly value?: Json | undefined; readonly version: number } | undefined;
  /** How long the daemon asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(problem: ProblemFacts, options?: { cause?: unknown }) {
    super(problem.detail, options);
    this.status = problem.status;
    this.code = problem.code;
    this.detail = problem.detail;
    this.retryable = problem.retryable;
    this.requestId = problem.requestId;
    this.issues = problem.issues ?? [];
    this.current = problem.current;
    this.retryAfterMs = problem.retryAfterMs;
  }
}

export interface ProblemFacts {
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail: string;
  readonly retryable: boolean;
  readonly requestId?: string | undefined;
  readonly issues?: readonly Issue[] | undefined;
  readonly current?: { readonly value?: Json | undefined; readonly version: number } | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** Reads an answer that is no success. What is no problem+json, or has a code that this client does not know, is `unreadable`. */
export function problemFrom(status: number, body: unknown, retryAfter: string | undefined): ProblemError {
  const seconds = Number(retryAfter);
  const retryAfterMs = retryAfter !== undefined && Number.isFinite(seconds) ? Math.max(0, seconds) * 1_000 : undefined;
  const problem = Object(body) as Partial<Problem>;
  if (typeof problem.code === "string" && Object.hasOwn(errorCatalogue, problem.code)) {
    const { code, detail, retryable, requestId, issues, current } = problem;
    return new ProblemError({
      status,
      code,
      detail: typeof detail === "string" ? detail : errorCatalogue[code].title,
      retryable: retryable === true,
      requestId,
      issues: issues as readonly Issue[] | undefined,
      current,
      retryAfterMs,
    });
  }
  return new ProblemError({
    status,
    code: "unreadable",
    detail: `The daemon answered ${status} without a reason.`,
    retryable: status >= 500,
    retryAfterMs,
  });
}
