import { createHash } from "node:crypto";
import type { Json } from "@setpoint/core";
import type { Route } from "@setpoint/protocol";
import type { FastifyRequest } from "fastify";

/** What a handler is given of a request whose form is right. */
export function callOf(route: Route, request: FastifyRequest, body: unknown): unknown {
  const key = request.raw.headersDistinct["idempotency-key"]?.[0];
  const isPreview = (request.parsedQuery as { preview?: true }).preview === true;
  return {
    caller: request.caller,
    params: request.params,
    query: request.parsedQuery,
    body,
    ...request.conditions,
    ...(key !== undefined &&
      route.headers.idempotencyKey &&
      !isPreview && { idempotency: { key, request: requestHash(request, body as Json) } }),
    requestId: request.id,
    origin: originOf(request.headers["user-agent"]),
  };
}

/** What an Idempotency-Key is bound to. */
function requestHash(request: FastifyRequest, body: Json): string {
  const { method, url, headers } = request.raw;
  const parts = [method, url, headers["if-match"] ?? "", headers["if-none-match"] ?? "", JSON.stringify(body) ?? ""];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** The history's origin of a commit: our own programs name themselves, everything else is the API. */
function originOf(userAgent: string | undefined): string {
  return /^setpoint-(cli|console)\//.exec(userAgent ?? "")?.[1] ?? "api";
}
