import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import {
  type AnswerOf,
  type BodyOf,
  type PathParameters,
  type QueryOf,
  type Route,
  type RouteId,
  type Routes,
  routes,
} from "@setpoint/protocol";
import { systemClock } from "../clock.ts";
import { type DaemonAddress, discoverDaemon, type DiscoverOptions } from "../discover.ts";
import { type HttpAnswer, type HttpRequest, sendRequest } from "../http-request.ts";
import { ProblemError, problemFrom } from "./problem-error.ts";

export interface AdminOptions extends DiscoverOptions {
  /** For one attempt, until the last byte of its answer. Default: 30 seconds. */
  readonly timeoutMs?: number;
  /** How often a call is repeated when the network failed; it then has the same Idempotency-Key. Default: 2. */
  readonly retriesMax?: number;
}

/** Routes that answer once; the stream has clients of its own. */
export type CallId = Exclude<RouteId, "openStream">;

type Parameters<Id extends CallId> = PathParameters<Routes[Id]["path"]>;
type Query<Id extends CallId> = keyof QueryOf<Id> & string;

/** What a route takes; what it does not take is not there. */
export type CallInput<Id extends CallId> = ([Parameters<Id>] extends [never]
  ? { readonly params?: undefined }
  : { readonly params: { readonly [Name in Parameters<Id>]: string | number } }) &
  ([Query<Id>] extends [never]
    ? { readonly query?: undefined }
    : { readonly query?: { readonly [Name in Query<Id>]?: string | number | true | undefined } }) &
  ([BodyOf<Id>] extends [undefined] ? { readonly body?: undefined } : { readonly body: BodyOf<Id> }) & {
    /** E.g. `if-match`, `if-none-match`, `idempotency-key`; names in lower case. */
    readonly headers?: Readonly<Record<string, string>>;
  };

/** A success. With `if-none-match` the answer may be 304, without a body. */
export interface CallAnswer<Id extends CallId, Input> {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: AnswerOf<Id> | (Input extends { readonly headers: { readonly "if-none-match": string } } ? undefined : never);
}

/** Calls of a daemon's API, typed by the route table. */
export interface Admin {
  /** Resolves with a success; everything else rejects with a `ProblemError`. */
  call<Id extends CallId, Input extends CallInput<Id>>(
    id: Id,
    ...input: Partial<CallInput<Id>> extends CallInput<Id> ? [input?: Input] : [input: Input]
  ): Promise<CallAnswer<Id, Input>>;
}

/** A caller of the daemon that the options or the search lead to; it is looked for at each call. */
export function createAdmin({ timeoutMs = 30_000, retriesMax = 2, ...where }: AdminOptions = {}): Admin {
  const call = async (id: CallId, input: AnyInput = {}): Promise<CallAnswer<CallId, unknown>> => {
    const answer = await sendWithRetries(where, retriesMax, requestOf(routes[id], input, timeoutMs));
    const body = bodyOf(answer);
    const isSuccess = (answer.status >= 200 && answer.status < 300) || answer.status === 304;
    if (!isSuccess) throw problemFrom(answer.status, body, answer.headers["retry-after"]);
    return { status: answer.status, headers: answer.headers, body: body as never };
  };
  return { call };
}

interface AnyInput {
  readonly params?: Readonly<Record<string, string | number>> | undefined;
  readonly query?: Readonly<Record<string, string | number | true | undefined>> | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

function requestOf(
  { method, path, headers: taken, contentType }: Route,
  { params, query, body, headers }: AnyInput,
  timeoutMs: number,
): HttpRequest {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) search.set(name, String(value));
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params?.[name])));
  return {
    method,
    path: search.size === 0 ? filled : `${filled}?${search.toString()}`,
    headers: {
      ...(contentType && { "content-type": contentType }),
      ...(taken.idempotencyKey && { "idempotency-key": randomUUID() }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    timeoutMs,
  };
}

/** Every request can be repeated: what writes carries the same key each time. */
async function sendWithRetries(where: DiscoverOptions, retriesMax: number, request: HttpRequest): Promise<HttpAnswer> {
  let isSocketBad = false;
  for (let failures = 0; ; failures += 1) {
    const address = locate(where, isSocketBad);
    try {
      return await sendRequest(address, request);
    } catch (cause) {
      const isTimeout = cause instanceof Error && cause.name === "TimeoutError";
      if (isTimeout || failures >= retriesMax) throw unreachable(address, request, isTimeout, cause);
      // A socket file may outlive its daemon.
      isSocketBad = address.socketPath !== undefined && where.socketPath === undefined;
      await pause(systemClock.backOff(failures));
    }
  }
}

function locate(where: DiscoverOptions, isSocketBad: boolean): DaemonAddress {
  const found = discoverDaemon(where);
  if ("problem" in found) throw new ProblemError({ status: 0, code: "unreachable", detail: found.problem, retryable: true });
  const { socketPath, ...address } = found;
  return socketPath !== undefined && !isSocketBad ? { ...address, socketPath } : address;
}

function unreachable({ url }: DaemonAddress, { timeoutMs }: HttpRequest, isTimeout: boolean, cause: unknown): ProblemError {
  const detail = isTimeout ? `${url} did not answer within ${timeoutMs} ms.` : `${url} cannot be reached.`;
  return new ProblemError({ status: 0, code: "unreachable", detail, retryable: true }, { cause });
}

function bodyOf({ status, text }: HttpAnswer): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    if (status >= 400) return undefined;
    throw new ProblemError({ status, code: "unreadable", detail: "The daemon's answer is not JSON.", retryable: false }, { cause });
  }
}
