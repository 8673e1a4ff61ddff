import { crc32 } from "node:zlib";
import type { KeyRow } from "./sqlite-rows.ts";
import { StoreError } from "./store-error.ts";

/** What a change row says: everything that a damaged byte could change unseen, the record's id included. */
export interface ChangeContent extends KeyRow {
  readonly keyId: number;
  readonly revision: number;
  readonly salt: string | null;
  readonly after: string | null;
}

/** CRC-32 over a change row; finds damage, proves nothing against an attacker (the hash chain does). */
export function changeChecksum({ kind, environment, layer, key, keyId, revision, salt, after }: ChangeContent): number {
  const marks = `${salt === null ? "-" : "+"}${after === null ? "-" : "+"}`;
  return crc32(`${keyId}\0${revision}\0${marks}\0${kind}\0${environment}\0${layer}\0${key}\0${salt ?? ""}\0${after ?? ""}`);
}

/** Returns when the row is as it was written; otherwise throws `store_unavailable`, naming the revision. */
export function verifyChecksum(content: ChangeContent, checksum: number): void {
  if (changeChecksum(content) === checksum) return;
  throw new StoreError(
    "store_unavailable",
    `A change of revision ${content.revision} is damaged in the store: its checksum does not match.`,
  );
}
