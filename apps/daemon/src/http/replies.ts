import type { Refusal } from "@setpoint/core";
import { type Route, routes } from "@setpoint/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Answer } from "../engine/handler.ts";
import { problemContentType, problemHeaders, problemOf } from "./problem.ts";
import { pathOf } from "./request-path.ts";

const allMethods = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"] as const;

/** Sends what a handler answers; a read whose entity tag the client has is 304. */
export function sendAnswer(request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply {
  if (!answer.ok) return sendRefusal(request, reply, answer.refusal);
  for (const [name, value] of Object.entries(answer.headers ?? {})) void reply.header(name, value);
  if (answer.etag !== undefined) {
    void reply.header("etag", `"${answer.etag}"`).header("cache-control", "no-cache");
    const known = request.conditions?.ifNoneMatch;
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (isRead && known !== undefined && (known === "*" || known.includes(answer.etag))) return reply.code(304).send();
  }
  return reply.header("content-type", "application/json; charset=utf-8").send(bodyOf(answer.body));
}

/** A body that is bytes is JSON already. */
function bodyOf(body: unknown): string | Buffer {
  return Buffer.isBuffer(body) ? body : JSON.stringify(body);
}

/** Sends a refusal as problem+json. */
export function sendRefusal(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  const problem = problemOf(refusal, request.id);
  for (const [name, value] of Object.entries(problemHeaders(refusal.code))) void reply.header(name, value);
  return reply
    .code(problem.status)
    .header("setpoint-request-id", request.id)
    .header("content-type", problemContentType)
    .send(JSON.stringify(problem));
}

/** No such route, or not this method: before anything of the body is read. */
export function sendUnknown(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = pathOf(request.raw);
  const allowed = allMethods.filter((method) => matchesTable(method, path));
  if (allowed.length === 0) return sendRefusal(request, reply, { code: "route_not_found", detail: "There is no such route." });
  void reply.header("allow", allowed.join(", "));
  return sendRefusal(request, reply, { code: "method_not_allowed", detail: `${request.method} is not a method of this route.` });
}

/** Whether the table has a route with this method for a concrete path. */
function matchesTable(method: string, path: string): boolean {
  const wanted = method === "HEAD" ? "GET" : method;
  return (Object.values(routes) as Route[]).some(
    (route) => route.method === wanted && new RegExp(`^${route.path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path),
  );
}
