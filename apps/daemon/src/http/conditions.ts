import type { Route } from "@setpoint/protocol";
import type { EntityTags } from "../engine/handler.ts";

/** An entity tag of a value or a schema: its version. */
export function versionOfTag(tag: string): number | undefined {
  return /^(0|[1-9]\d{0,14})$/.test(tag) ? Number(tag) : undefined;
}

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
    const isVersion = route.headers.ifMatch === "version";
    if (tag === undefined || (isVersion && versionOfTag(tag) === undefined)) {
      const sample = isVersion ? '"12"' : '"9f2c41d07be3a855"';
      return { ok: false, reason: `If-Match takes exactly one strong entity tag, as a read of this gives it: ${sample}.` };
    }
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
