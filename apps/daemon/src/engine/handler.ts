import type { Issue, Json, Principal, Refusal } from "@setpoint/core";
import type { BodyOf, PathParameters, QueryOf, Role, RouteId, Routes } from "@setpoint/protocol";

/** Who calls, with what a token grants. */
export interface Caller extends Principal {
  readonly role: Role;
}

/** A precondition header, parsed: entity tags without quotes, or `*` (If-None-Match only). */
export type EntityTags = readonly string[] | "*";

/** A request of one route after everything that can be said about its form was said. */
export interface Call<Id extends RouteId> {
  readonly caller: Caller;
  readonly params: Readonly<Record<PathParameters<Routes[Id]["path"]>, string>>;
  readonly query: QueryOf<Id>;
  readonly body: BodyOf<Id>;
  readonly ifMatch?: string;
  readonly ifNoneMatch?: EntityTags;
  readonly idempotency?: { readonly key: string; readonly request: string };
  readonly requestId: string;
  /** What the caller says it is (User-Agent's product): api unless it is one of our own programs. */
  readonly origin: string;
}

/** What a handler answers: a body with its entity tag, or a refusal of the catalogue. */
export type Answer =
  | { readonly ok: true; readonly body: unknown; readonly etag?: string; readonly headers?: Readonly<Record<string, string>> }
  | {
      readonly ok: false;
      readonly refusal: Omit<Refusal, "issues"> & {
        readonly issues?: readonly Issue[];
        readonly current?: { readonly value?: Json; readonly version: number };
      };
    };

export type Handler<Id extends RouteId> = (call: Call<Id>) => Answer | Promise<Answer>;

/** Handlers by route; the stream has its own door. */
export type Handlers = { readonly [Id in Exclude<RouteId, "openStream" | "openapi">]: Handler<Id> };

export function refuse(refusal: Refusal): Answer {
  return { ok: false, refusal };
}

export function answer(body: unknown, extra: { readonly etag?: string; readonly headers?: Readonly<Record<string, string>> } = {}): Answer {
  return { ok: true, body, ...extra };
}
