import type { Projection } from "./frame-source.ts";

/** The same projection in its one form: namespaces sorted, none twice. */
export function normalised(projection: Projection): Projection {
  const { environment, audience, namespaces } = projection;
  return namespaces === undefined ? { environment, audience } : { environment, audience, namespaces: [...new Set(namespaces)].toSorted() };
}

/** Equal for equal projections; names hold neither of the separators. */
export function projectionKey(projection: Projection): string {
  return `${projection.audience}:${projection.environment}:${projection.namespaces?.join(",") ?? "*"}`;
}
