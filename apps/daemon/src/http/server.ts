import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { type ErrorCode, type Refusal, SetpointError } from "@setpoint/core";
import { type Route, type RouteId, routes } from "@setpoint/protocol";
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Call, Caller, Handler, Handlers } from "../engine/handler.ts";
import type { Admissions } from "./admission.ts";
import { discardBody, parseBody, readBody } from "./body.ts";
import { callOf } from "./call.ts";
import { endConnection } from "./connections.ts";
import type { HttpLimits } from "./http-limits.ts";
import { openApiDocument } from "./openapi.ts";
import { problemMessage } from "./problem.ts";
import { sendAnswer, sendRefusal, sendUnknown } from "./replies.ts";
import { formRefusal } from "./request-form.ts";
import { pathOf } from "./request-path.ts";
import { UnsentAnswers } from "./unsent-answers.ts";

/** Where faults go that a client is told nothing about but their request id. */
export type FaultListener = (fault: unknown, request: { readonly id: string; readonly method: string; readonly route: string }) => void;

export interface HttpParts {
  readonly version: string;
  readonly admissions: Admissions;
  readonly handlers: Handlers;
  /** Takes over a GET of the stream that wants server-sent events. */
  readonly eventStream: (
    request: IncomingMessage,
    response: ServerResponse,
    caller: Caller,
    query: StreamQuery,
  ) => Promise<Refusal | undefined>;
  readonly headRevision: () => number;
  /** Whether connections are to end with the answers that are under way. */
  readonly isStopping: () => boolean;
  readonly limits: HttpLimits;
  readonly onFault: FaultListener;
}

/** The stream's subscription as its URL names it. */
export interface StreamQuery {
  readonly environment?: string;
  readonly namespaces?: string;
  readonly audience?: "server" | "client";
  readonly cursor?: string;
}

/** Reads whose answers can be as large as the whole store. */
const largeReads: ReadonlySet<RouteId> = new Set(["readConfig", "readRevision", "diffRevisions", "listRevisions"]);
const tooMuchUnsent: Refusal = {
  code: "rate_limited",
  detail: "Too many bytes wait for readers that do not take them; ask again when they have left.",
};

const listenerOptions = {
  // A missing Host is refused by admission, in the contract's words, and not by the parser.
  requireHostHeader: false,
  // An upgrade that is not the stream's is an offer that is not taken: the request is answered as if it had none.
  shouldUpgradeCallback: (request: IncomingMessage) =>
    request.headers.upgrade?.toLowerCase() === "websocket" && pathOf(request) === routes.openStream.path,
} as const;

/**
 * The HTTP server: the route table of `protocol`, and for each request the wire contract's order of refusals.
 * @returns the framework instance, whose `routing` serves any listener
 */
export function createHttp(parts: HttpParts): FastifyInstance {
  const app = fastify({
    // Bodies are read and bounded below, so that who sends too much is answered and not cut off.
    bodyLimit: Number.MAX_SAFE_INTEGER,
    http: listenerOptions,
    requestTimeout: parts.limits.requestTimeoutMs,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    logger: false,
    exposeHeadRoutes: true,
    forceCloseConnections: true,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 4_096, querystringParser: () => ({}) },
    // A path that is no UTF-8 never reaches a route; it is still refused in the contract's order.
    frameworkErrors: (_error, request, reply) => {
      const { refusal } = admit(parts.admissions, request.raw);
      void sendRefusal(request, reply, refusal ?? { code: "invalid_request", detail: "The path is not percent-encoded UTF-8." });
    },
    clientErrorHandler: refuseMalformed,
  });

  ignoreExpectations(app, app.server);
  app.decorateRequest("caller", null);
  app.decorateRequest("refusal", null);
  app.decorateRequest("conditions", null);
  app.decorateRequest("parsedQuery", null);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request: FastifyRequest, payload: IncomingMessage) => readBody(payload));

  app.addHook("onRequest", async (request, reply) => {
    void reply.header("setpoint-request-id", request.id).header("cache-control", "no-store").header("x-content-type-options", "nosniff");
    const { caller, refusal } = admit(parts.admissions, request.raw, request.routeOptions.url);
    request.caller = caller ?? null;
    if (!refusal && request.is404) return sendUnknown(request, reply);
    if (refusal) return sendRefusal(request, reply, refusal);
    return undefined;
  });

  const unsent = new UnsentAnswers(parts.limits);
  app.addHook("onSend", async (request, reply, payload) => {
    unsent.add(request.raw.socket, reply.raw, typeof payload === "string" || Buffer.isBuffer(payload) ? Buffer.byteLength(payload) : 0);
    if (parts.isStopping()) void reply.header("connection", "close");
    if (request.caller && request.raw.url?.startsWith("/v1/")) void reply.header("setpoint-revision", String(parts.headRevision()));
  });

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const refusal = refusalOf(error);
    if (refusal.code === "internal" || refusal.code === "outcome_unknown" || refusal.code.startsWith("store_")) {
      parts.onFault(error, { id: request.id, method: request.method, route: request.routeOptions.url ?? "" });
    }
    return sendRefusal(request, reply, refusal);
  });

  const handlers = {
    ...parts.handlers,
    openapi: () => ({ ok: true as const, body: openApiDocument(parts.version) }),
  } as Readonly<Record<Exclude<RouteId, "openStream">, Handler<RouteId>>>;

  for (const [id, route] of Object.entries(routes) as [RouteId, Route][]) {
    app.route({
      method: route.method,
      url: route.path.replaceAll(/\{(\w+)\}/g, ":$1"),
      onRequest: async (request, reply) => {
        const refusal = formRefusal(id, route, request);
        if (refusal?.code === "too_large") await discardBody(request.raw);
        return refusal ? sendRefusal(request, reply, refusal) : undefined;
      },
      handler: async (request, reply) => {
        if (id === "openStream") return openEventStream(parts, request, reply);
        if (largeReads.has(id) && unsent.isFull) return sendRefusal(request, reply, tooMuchUnsent);
        const body = route.body ? parseBody(route, request.body) : { ok: true as const, value: undefined };
        if (!body.ok) return sendRefusal(request, reply, body.refusal);
        const answer = await handlers[id](callOf(route, request, body.value) as Call<RouteId>);
        return sendAnswer(request, reply, answer);
      },
    });
  }
  return app;
}

/** A second listener for the same routes, on a Unix socket. */
export function createSocketServer(app: FastifyInstance, { requestTimeoutMs }: HttpLimits): Server {
  const server = createServer({ ...listenerOptions, requestTimeout: requestTimeoutMs }, (request, response) =>
    app.routing(request, response),
  );
  ignoreExpectations(app, server);
  server.on("clientError", refuseMalformed);
  return server;
}

/** Answers what is no HTTP at all, and ends the connection. */
function refuseMalformed(error: Error, socket: Duplex): void {
  // What still comes after the answer is as malformed as what came before it.
  if (socket.writableEnded) return;
  if (!socket.writable || (error as NodeJS.ErrnoException).code === "ECONNRESET") return void socket.destroy();
  endConnection(socket, problemMessage({ code: "invalid_request", detail: "The request is not HTTP/1.1." }, randomUUID()));
}

/** An Expect that is not known is no reason to refuse: the request is answered as if it had none. */
function ignoreExpectations(app: FastifyInstance, server: Server): void {
  server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => app.routing(request, response));
}

/** Host, Origin and, except on open routes, the token. */
export function admit(
  admissions: Admissions,
  request: IncomingMessage,
  routePath?: string,
): { readonly caller?: Caller; readonly refusal?: Refusal } {
  const placed = admissions.place(request);
  if (placed) return { refusal: placed };
  if (!request.url?.startsWith("/")) return { refusal: { code: "invalid_request", detail: "The request target is not a path." } };
  if (routePath === routes.livez.path || routePath === routes.readyz.path) return {};
  const admission = admissions.caller(request);
  return admission.ok ? { caller: admission.caller } : { refusal: admission.refusal };
}

async function openEventStream(parts: HttpParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
  if (!(request.headers.accept ?? "").includes("text/event-stream")) {
    return sendRefusal(request, reply, {
      code: "invalid_request",
      detail: "The stream takes a WebSocket upgrade or Accept: text/event-stream.",
    });
  }
  const refusal = await parts.eventStream(request.raw, reply.raw, request.caller as Caller, request.parsedQuery as StreamQuery);
  if (refusal) return sendRefusal(request, reply, refusal);
  reply.hijack();
  return undefined;
}

function refusalOf(error: Partial<FastifyError> & Error): Refusal {
  if (error instanceof SetpointError) return { code: error.code, detail: error.message };
  const known: Readonly<Record<string, Refusal>> = {
    FST_ERR_CTP_INVALID_CONTENT_LENGTH: { code: "invalid_request", detail: "The body's length is not its Content-Length." },
    FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: "unsupported_media_type", detail: "This content type is not taken." },
  };
  const found = error.code === undefined ? undefined : known[error.code];
  if (found) return found;
  const code: ErrorCode = error.statusCode !== undefined && error.statusCode < 500 ? "invalid_request" : "internal";
  return {
    code,
    detail: code === "internal" ? "The daemon failed; its log has the cause under this request id." : "The request is malformed.",
  };
}
