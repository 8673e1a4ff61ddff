import { hash, timingSafeEqual } from "node:crypto";

const tokenPattern = /^sp_([A-Za-z0-9-]{1,64})_([A-Za-z0-9_-]{43})$/;

/** The public id within a token, `sp_<id>_<43 base64url>`; `undefined` when the text is no token. */
export function parseToken(text: string): { readonly id: string } | undefined {
  const id = tokenPattern.exec(text)?.[1];
  return id === undefined ? undefined : { id };
}

/** A token with 32 secret bytes; `random` gives that many bytes of chance. */
export function makeToken(random: (bytes: number) => Uint8Array): string {
  return `sp_${Buffer.from(random(4)).toString("hex")}_${Buffer.from(random(32)).toString("base64url")}`;
}

/** What is stored of a token: sha256 of its text, 64 lower-case hex. */
export function hashToken(token: string): string {
  return hash("sha256", token, "hex");
}

/** Whether a presented text is the token with that hash, in a time that tells nothing about either: texts are hashed first. */
export function tokenMatches(presented: string, tokenHash: string): boolean {
  const expected = Buffer.from(tokenHash, "hex");
  const actual = hash("sha256", presented, "buffer");
  return expected.length === actual.length && timingSafeEqual(actual, expected);
}
