export const queryLimits = { parametersMax: 64 } as const;

/** The parameters of a query string, each at most once; or what is wrong with it. */
export function parseQuery(query: string): { ok: true; parameters: Record<string, string> } | { ok: false; reason: string } {
  const parameters = Object.create(null) as Record<string, string>;
  if (query === "") return { ok: true, parameters };
  const pairs = query.split("&");
  if (pairs.length > queryLimits.parametersMax) return { ok: false, reason: `More than ${queryLimits.parametersMax} query parameters.` };
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    const name = decode(equals === -1 ? pair : pair.slice(0, equals));
    const value = decode(equals === -1 ? "" : pair.slice(equals + 1));
    if (name === undefined || value === undefined) return { ok: false, reason: "The query string is not percent-encoded UTF-8." };
    if (name in parameters) return { ok: false, reason: `The query parameter ${JSON.stringify(name)} stands twice.` };
    parameters[name] = value;
  }
  return { ok: true, parameters };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
