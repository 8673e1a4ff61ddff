import type { IncomingHttpHeaders } from "node:http";

/**
 * Whether a request comes from the page's own origin, from one that is listed, or from no page at all. Scheme and default ports do not
 * count, since a proxy in front may speak TLS; a page of another host, port or without an origin of its own (`null`) is foreign.
 * @param allowedOrigins as browsers write them, e.g. `https://app.example.com`
 */
export function isOwnOrigin(headers: IncomingHttpHeaders, allowedOrigins: readonly string[]): boolean {
  const { origin, host } = headers;
  // A browser that sends no Origin still says where a request comes from; programs say neither.
  if (origin === undefined) return !["cross-site", "same-site"].includes(String(headers["sec-fetch-site"]));
  if (allowedOrigins.includes(origin)) return true;
  if (host === undefined || !URL.canParse(origin)) return false;
  const { protocol, host: originHost } = new URL(origin);
  const own = `${protocol}//${host}`;
  return originHost !== "" && URL.canParse(own) && new URL(own).host === originHost;
}
