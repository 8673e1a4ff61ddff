import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type ErrorCode, errorCatalogue } from "@setpoint/core";

function problem(
  code: ErrorCode,
  detail: string,
): { readonly status: number; readonly body: string; readonly headers: Record<string, string> } {
  const { status, title, retryable } = errorCatalogue[code];
  return {
    status,
    body: JSON.stringify({ type: `urn:setpoint:problem:${code}`, title, status, code, detail, retryable }),
    headers: { "Content-Type": "application/problem+json", "Cache-Control": "no-store", ...(retryable && { "Retry-After": "1" }) },
  };
}

/** Answers a request with a problem. */
export function refuseRequest(response: ServerResponse, code: ErrorCode, detail: string): void {
  const { status, body, headers } = problem(code, detail);
  response.writeHead(status, { ...headers, ...(status === 405 && { Allow: "GET" }) }).end(body);
}

/** Answers an upgrade with a problem, before it becomes a WebSocket. */
export function refuseUpgrade(stream: Duplex, code: ErrorCode, detail: string): void {
  const { status, body, headers } = problem(code, detail);
  const lines = Object.entries({ ...headers, Connection: "close", "Content-Length": String(Buffer.byteLength(body)) });
  stream.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`,
    () => stream.destroy(),
  );
}

/** The path of a request's target, whatever its query; `undefined` where the target is none. */
export function targetOf(request: IncomingMessage): URL | undefined {
  const target = request.url ?? "";
  // "//host/path" would be read as another host's.
  return target.startsWith("/") && URL.canParse(`http://own${target}`) ? new URL(`http://own${target}`) : undefined;
}
