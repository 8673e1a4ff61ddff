import { hash } from "node:crypto";
import type { Head } from "../../ports/change-log.ts";

/** Where every history begins: revision 0, a hash of zeros. */
export const emptyHead: Head = Object.freeze({ revision: 0, hash: "0".repeat(64) });

/** The hash of an entry, 64 lower-case hex: sha256 over the previous entry's hash (as hex text) followed by the header. */
export function chainHash(previous: string, header: string): string {
  return hash("sha256", previous + header, "hex");
}

/** Whether a text has the form of an entry's hash. */
export function isHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** Whether two heads name the same place of the same history. */
export function isSameHead(a: Head, b: Head): boolean {
  return a.revision === b.revision && a.hash === b.hash;
}
