import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { decide, type ErrorCode, isJsonObject, type Json, parseJson, type Refusal, SetpointError } from "@setpoint/core";
import { requestLimits, type Route, routeRoles, type RouteId, routes } from "@setpoint/protocol";
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Answer, Call, Caller, EntityTags, Handler, Handlers } from "../engine/handler.ts";
import type { Admissions } from "./admission.ts";
import { parseConditions } from "./conditions.ts";
import { endConnection } from "./connections.ts";
import type { HttpLimits } from "./http-limits.ts";
import { openApiDocument } from "./openapi.ts";
import { problemContentType, problemHeaders, problemMessage, problemOf } from "./problem.ts";
import { parseQuery } from "./query.ts";
import { UnsentAnswers } from "./unsent-answers.ts";

declare module "fastify" {
  interface FastifyRequest {
    caller: Caller | null;
    refusal: Refusal | null;
    conditions: { readonly ifMatch?: string; readonly ifNoneMatch?: EntityTags } | null;
    parsedQuery: unknown;
  }
}

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

const tooLarge = `The body is larger than ${requestLimits.bodyBytesMax} bytes.`;
/** A body beyond this is not even read to its end. */
const discardedBytesMax = 64 * requestLimits.bodyBytesMax;

/** Reads whose answers can be as large as the whole store. */
const largeReads: ReadonlySet<RouteId> = new Set(["readConfig", "readRevision", "diffRevisions", "listRevisions"]);
const tooMuchUnsent: Refusal = {
  code: "rate_limited",
  detail: "Too many bytes wait for readers that do not take them; ask again when they have left.",
};

const allMethods = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"] as const;

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

/**
 * A whole body. One that is too large is refused as soon as that shows, and what still comes of it is thrown away: a sender
 * whose connection were closed while it sends would not hear the refusal.
 */
function readBody(payload: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    payload.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= requestLimits.bodyBytesMax) chunks.push(chunk);
      else {
        chunks.length = 0;
        reject(new SetpointError("too_large", tooLarge));
        if (size > discardedBytesMax) payload.destroy();
      }
    });
    payload.on("end", () => resolve(Buffer.concat(chunks)));
    payload.on("error", reject);
    payload.on("close", () => reject(new SetpointError("invalid_request", "The body ended too early.")));
  });
}

/** A sender that pauses for this long in a body that will be refused anyway is waiting for the answer. */
const bodyPauseMs = 100;

/** Reads a body of a declared length to its end, or until its sender pauses; one beyond all measure is not read at all. */
function discardBody(request: IncomingMessage): Promise<void> {
  if (Number(request.headers["content-length"]) > discardedBytesMax) return Promise.resolve();
  return new Promise((resolve) => {
    const pause = setTimeout(resolve, bodyPauseMs);
    request.on("data", () => pause.refresh());
    for (const event of ["end", "close"]) {
      request.on(event, () => {
        clearTimeout(pause);
        resolve();
      });
    }
  });
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

/** No such route, or not this method: before anything of the body is read. */
function sendUnknown(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = pathOf(request.raw);
  const allowed = allMethods.filter((method) => matchesTable(method, path));
  if (allowed.length === 0) return sendRefusal(request, reply, { code: "route_not_found", detail: "There is no such route." });
  void reply.header("allow", allowed.join(", "));
  return sendRefusal(request, reply, { code: "method_not_allowed", detail: `${request.method} is not a method of this route.` });
}

/** Everything about a request's form before its body: the role, the query, the headers, the body's type and length. */
function formRefusal(id: RouteId, route: Route, request: FastifyRequest): Refusal | undefined {
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

type Parsed = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly refusal: Refusal };

function parseBody(route: Route, body: unknown): Parsed {
  const invalid = (detail: string): Parsed => ({ ok: false, refusal: { code: "invalid_request", detail } });
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode((body as Buffer | undefined) ?? Buffer.alloc(0));
  } catch {
    return invalid("The body is not UTF-8.");
  }
  const json = parseJson(text);
  if (!json.ok)
    return invalid(json.refusal.at === "" ? `Body: ${json.refusal.reason}` : `Body at ${json.refusal.at}: ${json.refusal.reason}`);
  const oversized = oversizedValue(json.value);
  if (oversized) return { ok: false, refusal: oversized };
  const parsed = (route.body as NonNullable<Route["body"]>).safeParse(json.value);
  return parsed.success ? { ok: true, value: parsed.data } : invalid(`Body: ${wordsOf(parsed.error.issues)}.`);
}

/** A value that is too large is told before anything else of the body, wherever a body says `value`. */
function oversizedValue(body: Json): Refusal | undefined {
  if (!isJsonObject(body)) return undefined;
  const changes = Array.isArray(body["changes"]) ? body["changes"] : [body];
  const isOversized = changes.some(
    (change: Json) => isJsonObject(change) && change["kind"] !== "schema" && isLarger(change["value"], requestLimits.valueBytesMax),
  );
  return isOversized ? { code: "too_large", detail: `A value is larger than ${requestLimits.valueBytesMax} bytes.` } : undefined;
}

/** Whether a value's JSON text has more bytes; a look at the number of characters spares most of the counting. */
function isLarger(value: Json | undefined, bytesMax: number): boolean {
  if (typeof value !== "object" && typeof value !== "string") return false;
  const text = JSON.stringify(value);
  return text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax;
}

/** The first few findings of a form check, each with its path. */
function wordsOf(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string {
  return issues
    .slice(0, 3)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.map((part) => String(part)).join(".")}: ${message}`))
    .join("; ");
}

function callOf(route: Route, request: FastifyRequest, body: unknown): unknown {
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

function sendAnswer(request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply {
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

function sendRefusal(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  const problem = problemOf(refusal, request.id);
  for (const [name, value] of Object.entries(problemHeaders(refusal.code))) void reply.header(name, value);
  return reply
    .code(problem.status)
    .header("setpoint-request-id", request.id)
    .header("content-type", problemContentType)
    .send(JSON.stringify(problem));
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

/** The path that a request names, without its query. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? "/").split("?", 1)[0] as string;
}

/** Whether the table has a route with this method for a concrete path. */
function matchesTable(method: string, path: string): boolean {
  const wanted = method === "HEAD" ? "GET" : method;
  return (Object.values(routes) as Route[]).some(
    (route) => route.method === wanted && new RegExp(`^${route.path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path),
  );
}
