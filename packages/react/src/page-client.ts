import { createIdleClient, type Client, type InitialState } from "@setpoint/client/browser";
import type { RegisteredConfig } from "./register.ts";

/** What a component can be shown. */
export type Shown = Pick<Client<RegisteredConfig>, "config" | "status">;

/** What hooks read: an application's own client, or the page's. */
export interface ConfigSource extends Shown, Pick<Client<RegisteredConfig>, "ready" | "subscribe"> {
  /** Keeps the connection open until what it returns is called. */
  retain?(): () => void;
}

/** How long a connection outlives its last user: React may mount a provider again at once, and so may a change of page. */
const closeDelayMs = 5_000;
const pageClientsMax = 20;
const pageClients = new Map<string, ConfigSource>();

/** Whether there is a page; a server that renders one opens no connection, and shares nothing between requests. */
export const isInPage = (): boolean => typeof document === "object";

/**
 * The page's client for `url`. It outlives its providers, so that one that is mounted again shows what was shown last and not the
 * first values.
 */
export function pageClientOf(url: string, initial: InitialState | undefined): ConfigSource {
  const known = pageClients.get(url);
  if (known) return known;
  const client = createIdleClient<RegisteredConfig>({ url, initial });
  let users = 0;
  let stop: (() => void) | undefined;
  let stopping: ReturnType<typeof setTimeout>;

  const retain = () => {
    users += 1;
    clearTimeout(stopping);
    stop ??= client.connect();
    return () => {
      users -= 1;
      if (users) return;
      stopping = setTimeout(() => {
        stop?.();
        stop = undefined;
      }, closeDelayMs);
    };
  };
  const source = Object.assign(client, { retain });
  if (isInPage() && pageClients.size < pageClientsMax) pageClients.set(url, source);
  return source;
}
