import type { IncomingMessage } from "node:http";
import { decide, type Refusal } from "@setpoint/core";
import { requestLimits, type Route, routeRoles, type RouteId } from "@setpoint/protocol";
import type { FastifyRequest } from "fastify";
import type { Caller, EntityTags } from "../engine/handler.ts";
import { tooLarge } from "./body.ts";
import { parseConditions } from "./conditions.ts";
import { wordsOf } from "./form-words.ts";
import { parseQuery } from "./query.ts";

declare module "fastify" {
  interface FastifyRequest {
    caller: Caller | null;
    refusal: Refusal | null;
    conditions: { readonly ifMatch?: string; readonly ifNoneMatch?: EntityTags } | null;
    parsedQuery: unknown;
  }
}

/** Everything about a request's form before its body: the role, the query, the headers, the body's type and length. */
export function formRefusal(id: RouteId, route: Route, request: FastifyRequest): Refusal | undefined {
  if (request.caller) {
    const decision = decide(request.caller, routeRoles[id]);
    if (!decision.allowed) return { code: "access_denied", detail: decision.reason };
  }
  const invalid = (detail: string): Refusal => ({ code: "invalid_request", detail });
  const query = parseQueryOf(route, request.raw);
  if (!query.ok) return invalid(query.reason);
  request.parsedQuery = query.value;
  const conditions = parseConditions(route, request.raw.headersDistinct);
  if (!conditions.ok) return invalid(conditions.reason);
  request.conditions = conditions;
  const keys = request.raw.headersDistinct["idempotency-key"];
  if (keys && route.headers.idempotencyKey) {
    const isKey =
      keys.length === 1 && new RegExp(`^[\\x21-\\x7e]{1,${requestLimits.idempotencyKeyCharactersMax}}$`).test(keys[0] as string);
    if (!isKey) return invalid("Idempotency-Key takes 1 to 128 visible ASCII characters.");
  }
  return bodyFormRefusal(route, request.raw);
}

/** The parsed query of a route, or what is wrong with it. */
export function parseQueryOf(
  route: Route,
  request: IncomingMessage,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string } {
  const url = request.url ?? "/";
  const mark = url.indexOf("?");
  const query = parseQuery(mark === -1 ? "" : url.slice(mark + 1));
  if (!query.ok) return query;
  const parsed = route.query.safeParse(query.parameters);
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, reason: `Query: ${wordsOf(parsed.error.issues)}.` };
}

function bodyFormRefusal(route: Route, request: IncomingMessage): Refusal | undefined {
  const type = request.headers["content-type"];
  const length = request.headers["content-length"];
  const hasBody = (length !== undefined && length !== "0") || request.headers["transfer-encoding"] !== undefined;
  if (!route.body) {
    return hasBody && route.method !== "GET" ? { code: "invalid_request", detail: "This route takes no body." } : undefined;
  }
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    return { code: "unsupported_media_type", detail: "Compressed bodies are not taken." };
  }
  const wanted = route.contentType ?? "application/json";
  const [given, ...parameters] = (type ?? "").split(";").map((part) => part.trim());
  const isUtf8 = parameters.length === 0 || (parameters.length === 1 && /^charset="?utf-8"?$/i.test(parameters[0] as string));
  if (given !== wanted || !isUtf8) return { code: "unsupported_media_type", detail: `This route takes ${wanted} in UTF-8.` };
  return Number(length) > requestLimits.bodyBytesMax ? { code: "too_large", detail: tooLarge } : undefined;
}
