/** What a principal may do: its role, and the environments it is bound to (absent = all). */
export interface Permission {
  readonly role: string;
  readonly environments?: readonly string[];
}

export type Decision = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

/** Decides from the roles that a route lists; a role that is not listed is refused. */
export function decide(permission: Permission, allowedRoles: readonly string[]): Decision {
  if (allowedRoles.includes(permission.role)) return { allowed: true };
  return { allowed: false, reason: `The role "${permission.role}" may not do this; it takes ${allowedRoles.join(" or ")}.` };
}
