import type { ConfigurationKind } from "../records/record.ts";

/** What a principal may do. */
export interface Permission {
  readonly role: string;
}

export type Decision = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

const writers = ["admin", "editor"];

/** Which roles may change which kind of record, by whatever route: schemas and environments are what an editor's changes are held to. */
export const kindRoles: Readonly<Record<ConfigurationKind, readonly string[]>> = {
  value: writers,
  flag: writers,
  segment: writers,
  template: writers,
  schema: ["admin"],
  environment: ["admin"],
};

/** Decides from the roles that a route or a kind lists; a role that is not listed is refused. */
export function decide(permission: Permission, allowedRoles: readonly string[]): Decision {
  if (allowedRoles.includes(permission.role)) return { allowed: true };
  return { allowed: false, reason: `The role "${permission.role}" may not do this; it takes ${allowedRoles.join(" or ")}.` };
}
