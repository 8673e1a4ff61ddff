import type { RouteId } from "./routes.ts";

/** Roles, from the one that may most. */
export const roles = ["admin", "editor", "viewer", "user", "client"] as const;
export type Role = (typeof roles)[number];

const readers: readonly Role[] = ["admin", "editor", "viewer"];
const writers: readonly Role[] = ["admin", "editor"];
const everyone: readonly Role[] = roles;

/** Which roles may call which route. A route without a row does not compile. */
export const routeRoles: Readonly<Record<RouteId, readonly Role[]>> = {
  listEnvironments: readers,
  readConfig: readers,
  readValue: readers,
  writeValue: writers,
  deleteValue: writers,
  patchValues: writers,
  commitBatch: writers,
  rollBack: writers,
  explainValue: readers,
  listSchemas: readers,
  readSchema: readers,
  writeSchema: ["admin"],
  listRevisions: readers,
  readRevision: readers,
  diffRevisions: readers,
  listInstances: readers,
  openStream: ["admin", "editor", "viewer", "client"],
  livez: everyone,
  readyz: everyone,
  openapi: everyone,
};
