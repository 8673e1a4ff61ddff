import type { OpenLink } from "./link.ts";

/** Links to the browser endpoint at `url` with the page's own WebSocket. */
export function linkTo(url: string): OpenLink {
  return (events) => Object.assign(new WebSocket(url), events);
}
