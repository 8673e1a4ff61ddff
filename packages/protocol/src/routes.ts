import { z } from "zod";
import {
  batchAnswer,
  configAnswer,
  diffAnswer,
  environmentsAnswer,
  explainAnswer,
  instancesAnswer,
  livezAnswer,
  previewAnswer,
  readyzAnswer,
  revisionAnswer,
  revisionsAnswer,
  schemaDocument,
  schemasAnswer,
  schemaWriteAnswer,
  valueAnswer,
  writeAnswer,
} from "./models.ts";
import { cursorText, flagParameter, instantParameter, limitParameter, revisionParameter } from "./parts.ts";
import { batchWrite, rollbackWrite, valuesPatch, valueWrite } from "./requests.ts";

/** Conditional and idempotency headers that a route honours; elsewhere If-Match is refused, never ignored. */
export interface RouteHeaders {
  /** What the entity tag is: a version, or the state hash of a whole configuration. */
  readonly ifMatch?: "version" | "hash";
  readonly ifNoneMatch?: "etag" | "create";
  readonly idempotencyKey?: true;
}

/** One row of the route table: what daemon, clients, CLI and OpenAPI page are made from. */
export interface Route {
  readonly method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  /** Path with parameters in braces. */
  readonly path: string;
  readonly summary: string;
  /** `false` = answers without a token. */
  readonly authenticated: boolean;
  readonly query: z.ZodType<Readonly<Record<string, unknown>>>;
  readonly headers: RouteHeaders;
  readonly body?: z.ZodType;
  readonly contentType?: "application/json" | "application/merge-patch+json";
  readonly answer: z.ZodType;
}

const noQuery = z.strictObject({});
const previewQuery = z.strictObject({ preview: flagParameter.optional() });
const historicQuery = { revision: revisionParameter.optional(), at: instantParameter.optional() };

const table = {
  listEnvironments: {
    method: "GET",
    path: "/v1/environments",
    summary: "The environments, the default one first, then parents before children.",
    authenticated: true,
    query: noQuery,
    headers: {},
    answer: environmentsAnswer,
  },
  readConfig: {
    method: "GET",
    path: "/v1/environments/{environment}/config",
    summary: "Every effective value of an environment, flat, now or at a revision or time.",
    authenticated: true,
    query: z.strictObject({ keys: z.string().min(1).max(4_096).optional(), ...historicQuery }),
    headers: { ifNoneMatch: "etag" },
    answer: configAnswer,
  },
  readValue: {
    method: "GET",
    path: "/v1/environments/{environment}/values/{key}",
    summary: "The value of one key in force.",
    authenticated: true,
    query: noQuery,
    headers: { ifNoneMatch: "etag" },
    answer: valueAnswer,
  },
  writeValue: {
    method: "PUT",
    path: "/v1/environments/{environment}/values/{key}",
    summary: "Stores a value.",
    authenticated: true,
    query: noQuery,
    headers: { ifMatch: "version", ifNoneMatch: "create", idempotencyKey: true },
    body: valueWrite,
    contentType: "application/json",
    answer: writeAnswer,
  },
  deleteValue: {
    method: "DELETE",
    path: "/v1/environments/{environment}/values/{key}",
    summary: "Removes the stored value; what lies below shows through.",
    authenticated: true,
    query: noQuery,
    headers: { ifMatch: "version", idempotencyKey: true },
    answer: writeAnswer,
  },
  patchValues: {
    method: "PATCH",
    path: "/v1/environments/{environment}/values",
    summary: "Sets and removes several values by a nested merge patch, all or none.",
    authenticated: true,
    query: noQuery,
    headers: { ifMatch: "hash", idempotencyKey: true },
    body: valuesPatch,
    contentType: "application/merge-patch+json",
    answer: batchAnswer,
  },
  commitBatch: {
    method: "POST",
    path: "/v1/batches",
    summary: "Commits changes of several keys, kinds and environments, all or none; or previews them.",
    authenticated: true,
    query: previewQuery,
    headers: { idempotencyKey: true },
    body: batchWrite,
    contentType: "application/json",
    answer: z.union([batchAnswer, previewAnswer]),
  },
  rollBack: {
    method: "POST",
    path: "/v1/rollbacks",
    summary: "Brings configuration back to a revision or snapshot, or undoes one revision, as a new revision; or previews it.",
    authenticated: true,
    query: previewQuery,
    headers: { idempotencyKey: true },
    body: rollbackWrite,
    contentType: "application/json",
    answer: z.union([batchAnswer, previewAnswer]),
  },
  explainValue: {
    method: "GET",
    path: "/v1/environments/{environment}/explain/{key}",
    summary: "Every layer's candidate for a key, the winner, and who set each.",
    authenticated: true,
    query: z.strictObject({ user: z.string().min(1).max(256).optional(), revision: revisionParameter.optional() }),
    headers: {},
    answer: explainAnswer,
  },
  listSchemas: {
    method: "GET",
    path: "/v1/schemas",
    summary: "The registered schemas.",
    authenticated: true,
    query: noQuery,
    headers: {},
    answer: schemasAnswer,
  },
  readSchema: {
    method: "GET",
    path: "/v1/schemas/{namespace}",
    summary: "A namespace's JSON Schema as stored.",
    authenticated: true,
    query: noQuery,
    headers: { ifNoneMatch: "etag" },
    answer: schemaDocument,
  },
  writeSchema: {
    method: "PUT",
    path: "/v1/schemas/{namespace}",
    summary: "Registers a namespace's JSON Schema, if every stored value stays valid.",
    authenticated: true,
    query: noQuery,
    headers: { ifMatch: "version", idempotencyKey: true },
    body: schemaDocument,
    contentType: "application/json",
    answer: schemaWriteAnswer,
  },
  listRevisions: {
    method: "GET",
    path: "/v1/revisions",
    summary: "The history, ascending.",
    authenticated: true,
    query: z.strictObject({
      after: revisionParameter.optional(),
      limit: limitParameter.optional(),
      environment: z.string().optional(),
      key: z.string().optional(),
      by: z.string().optional(),
    }),
    headers: {},
    answer: revisionsAnswer,
  },
  readRevision: {
    method: "GET",
    path: "/v1/revisions/{revision}",
    summary: "One revision with its changes.",
    authenticated: true,
    query: noQuery,
    headers: {},
    answer: revisionAnswer,
  },
  diffRevisions: {
    method: "GET",
    path: "/v1/diff",
    summary: "What differs between two revisions, cursors or snapshots.",
    authenticated: true,
    query: z.strictObject({
      from: z.string().min(1).max(256),
      to: z.string().min(1).max(256).optional(),
      environment: z.string().optional(),
    }),
    headers: {},
    answer: diffAnswer,
  },
  listInstances: {
    method: "GET",
    path: "/v1/instances",
    summary: "The connected applications and what each has applied.",
    authenticated: true,
    query: noQuery,
    headers: {},
    answer: instancesAnswer,
  },
  openStream: {
    method: "GET",
    path: "/v1/stream",
    summary: "The change stream, as WebSocket or server-sent events.",
    authenticated: true,
    query: z.strictObject({
      environment: z.string().optional(),
      namespaces: z.string().max(4_096).optional(),
      audience: z.enum(["server", "client"]).optional(),
      cursor: z.union([z.literal(""), cursorText]).optional(),
    }),
    headers: {},
    answer: z.unknown().meta({ description: "Frames; see docs/reference/protocol.md." }),
  },
  livez: {
    method: "GET",
    path: "/livez",
    summary: "The process answers.",
    authenticated: false,
    query: noQuery,
    headers: {},
    answer: livezAnswer,
  },
  readyz: {
    method: "GET",
    path: "/readyz",
    summary: "The state is loaded; a degraded daemon says why.",
    authenticated: false,
    query: noQuery,
    headers: {},
    answer: readyzAnswer,
  },
  openapi: {
    method: "GET",
    path: "/openapi.json",
    summary: "This API as OpenAPI 3.1.",
    authenticated: true,
    query: noQuery,
    headers: {},
    answer: z.record(z.string(), z.unknown()),
  },
} as const satisfies Record<string, Route>;

export type RouteId = keyof typeof table;
export const routes = table;
export type Routes = typeof table;

/** A route's query after it was parsed; every parameter's name is a member. */
export type QueryOf<Id extends RouteId> = z.output<Routes[Id]["query"]>;

/** A route's body, the same on both ends; `undefined` where it takes none. */
export type BodyOf<Id extends RouteId> = Routes[Id] extends { readonly body: infer Body extends z.ZodType } ? z.output<Body> : undefined;

/** The body of a route's success. */
export type AnswerOf<Id extends RouteId> = z.output<Routes[Id]["answer"]>;

/** Names of a path's parameters. */
export type PathParameters<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathParameters<Rest>
  : never;
