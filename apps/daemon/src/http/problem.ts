import { type ErrorCode, errorCatalogue, type Refusal } from "@setpoint/core";
import type { Problem } from "@setpoint/protocol";

export const problemContentType = "application/problem+json; charset=utf-8";

/** The problem+json (RFC 9457) of a refusal; the catalogue gives status, title and whether repeating may help. */
export function problemOf(refusal: Refusal, requestId: string): Problem {
  const { status, title, retryable } = errorCatalogue[refusal.code];
  return {
    type: `urn:setpoint:problem:${refusal.code}`,
    title,
    status,
    code: refusal.code,
    detail: refusal.detail,
    retryable,
    requestId,
    ...(refusal.issues && { issues: refusal.issues as Problem["issues"] }),
    ...(refusal.current && { current: refusal.current }),
  };
}

/** Headers that a problem brings besides its body. */
export function problemHeaders(code: ErrorCode): Readonly<Record<string, string>> {
  if (code === "unauthenticated") return { "www-authenticate": 'Bearer realm="setpoint"' };
  if (code === "rate_limited" || code === "updates_suspended" || code === "store_unavailable") return { "retry-after": "1" };
  return {};
}

/** A problem as a whole HTTP message, for a connection that never became a request; it ends the connection. */
export function problemMessage(refusal: Refusal, requestId: string, further: Readonly<Record<string, string>> = {}): string {
  const problem = problemOf(refusal, requestId);
  const body = JSON.stringify(problem);
  const headers = {
    "Content-Type": problemContentType,
    "Content-Length": String(Buffer.byteLength(body)),
    "Setpoint-Request-Id": requestId,
    Connection: "close",
    ...problemHeaders(refusal.code),
    ...further,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${problem.status} ${problem.title}\r\n${lines.join("")}\r\n${body}`;
}
