/**
 * Matches a key with a dot behind it, so that each part of the pattern takes its segment's dot along: `*` one segment, `**` any
 * number (also none).
 */
export function keyExpression(pattern: string): RegExp {
  return RegExp("^" + (pattern + ".").replaceAll(".", "\\.").replaceAll("**\\.", "(.+\\.)?").replaceAll("*", "[^.]+") + "$");
}
