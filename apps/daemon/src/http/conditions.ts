import type { Route } from "@setpoint/protocol";
import type { EntityTags } from "../engine/handler.ts";

/** The conditional headers of a request, or why they are refused: a condition is never ignored. */
export function parseConditions(
  route: Route,
  headers: Readonly<Record<string, readonly string[] | undefined>>,
): { ok: true; ifMatch?: string; ifNoneMatch?: EntityTags } | { ok: false; reason: string } {
  const ifMatch = headers["if-match"];
  const ifNoneMatch = headers["if-none-match"];
  const result: { ok: true; ifMatch?: string; ifNoneMatch?: EntityTags } = { ok: true };
  if (ifMatch) {
    if (!route.headers.ifMatch) return { ok: false, reason: "This route takes no If-Match." };
    const tag = ifMatch.length === 1 ? /^"([\x21\x23-\x7e]*)"$/.exec(ifMatch[0] as string)?.[1] : undefined;
    if (tag === undefined) return { ok: false, reason: 'If-Match takes exactly one strong entity tag, such as "12".' };
    result.ifMatch = tag;
  }
  if (ifNoneMatch) {
    const text = ifNoneMatch.join(",").trim();
    if (route.headers.ifNoneMatch === "create") {
      if (text !== "*") return { ok: false, reason: "If-None-Match takes only * here: create, but never replace." };
      result.ifNoneMatch = "*";
    } else if (route.headers.ifNoneMatch === "etag") {
      const tags = text === "*" ? "*" : text.split(",").map((part) => /^\s*(?:W\/)?"([\x21\x23-\x7e]*)"\s*$/.exec(part)?.[1]);
      if (tags !== "*" && tags.includes(undefined)) return { ok: false, reason: "If-None-Match is not a list of entity tags." };
      result.ifNoneMatch = tags as EntityTags;
    } else if (route.method !== "GET") return { ok: false, reason: "This route takes no If-None-Match." };
  }
  return result;
}
