/** A refusal to work with what lies in the state folder, in words for the operator: what was found, and what to do. */
export interface Refused {
  readonly ok: false;
  readonly reason: string;
}

export function refuse(reason: string): Refused {
  return { ok: false, reason };
}
