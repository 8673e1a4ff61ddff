/** One reference token appended to a JSON Pointer (RFC 6901), escaped. */
export function pointerTo(parent: string, token: string | number): string {
  return `${parent}/${String(token).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** The reference tokens of a JSON Pointer, unescaped. */
export function pointerTokens(pointer: string): readonly string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}
