import type { RecordReader } from "../records/record-reader.ts";
import { type Candidate, leafOf, resolveKey, type ResolvedValue } from "./resolve.ts";
import type { Leaf } from "../schema/model.ts";

/** Where a key's value comes from: every layer's candidate, highest first, and the winner. */
export interface Explanation {
  readonly leaf: Leaf;
  /** Absent when no layer gives a value. */
  readonly resolved?: ResolvedValue;
  readonly candidates: readonly Candidate[];
}

/** The same walk as `resolveKey` with recording on; `undefined` when no schema declares the key. */
export function explainKey(reader: RecordReader, environment: string, key: string): Explanation | undefined {
  const leaf = leafOf(reader, key);
  if (!leaf) return undefined;
  const candidates: Candidate[] = [];
  const resolved = resolveKey(reader, environment, key, (candidate) => candidates.push(candidate));
  return { leaf, ...(resolved && { resolved }), candidates };
}
