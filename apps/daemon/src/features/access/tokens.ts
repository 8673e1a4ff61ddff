import { type Change, isJsonObject, type RecordReader } from "@setpoint/core";
import { type Role, roles } from "@setpoint/protocol";
import type { Caller } from "../../engine/handler.ts";

/** Whether a presented text is the token with that hash (64 hex), in constant time. */
export type TokenMatch = (presented: string, hash: string) => boolean;

const noHash = "0".repeat(64);

/** Who a token belongs to. Tokens are stored hashed; an unknown id costs the same comparison as a known one. */
export function callerOf(records: RecordReader, token: string, matches: TokenMatch): Caller | undefined {
  const [prefix, id] = token.split("_", 2);
  const record = prefix === "sp" && id ? records.record({ kind: "token", key: id }) : undefined;
  const stored = record?.value !== undefined && isJsonObject(record.value) ? record.value : undefined;
  const isSame = matches(token, typeof stored?.["hash"] === "string" ? stored["hash"] : noHash);
  const role = stored?.["role"];
  if (!isSame || !stored || !id || !roles.includes(role as Role)) return undefined;
  return { kind: "token", id, name: typeof stored["name"] === "string" ? stored["name"] : id, role: role as Role };
}

/** The record that makes the state folder's own token valid; `undefined` when it is there already. */
export function firstTokenChange(records: RecordReader, { id, hash }: { readonly id: string; readonly hash: string }): Change | undefined {
  const stored = records.record({ kind: "token", key: id })?.value;
  if (stored !== undefined && isJsonObject(stored) && stored["hash"] === hash) return undefined;
  return { kind: "token", key: id, after: { name: "first-token", role: "admin", hash } };
}
