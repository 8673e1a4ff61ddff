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

const firstTokenName = "first-token";

/**
 * What makes the state folder's own token the valid one: its record, and the end of those that were it before, because whoever
 * deletes the file wants the old one to be worth nothing. Empty when the token is known already.
 */
export function firstTokenChanges(records: RecordReader, { id, hash }: { readonly id: string; readonly hash: string }): readonly Change[] {
  const stored = records.record({ kind: "token", key: id })?.value;
  if (stored !== undefined && isJsonObject(stored) && stored["hash"] === hash) return [];
  const former = [...records.recordsOf("token", undefined)].filter(
    ({ key, value }) => key !== id && value !== undefined && isJsonObject(value) && value["name"] === firstTokenName,
  );
  return [
    ...former.map(({ key, value }): Change => ({ kind: "token", key, ...(value !== undefined && { before: value }) })),
    { kind: "token", key: id, after: { name: firstTokenName, role: "admin", hash } },
  ];
}
