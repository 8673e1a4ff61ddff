import { createClient, type Client, type InitialState } from "@setpoint/client/browser";
import { firstValues, type Shown } from "./first-values.ts";
import type { RegisteredConfig } from "./register.ts";

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
  const source = pageClients.get(url) ?? createPageClient(url, initial);
  if (isInPage() && pageClients.size < pageClientsMax) pageClients.set(url, source);
  return source;
}

function createPageClient(url: string, initial: InitialState | undefined): ConfigSource {
  const listeners = new Set<() => void>();
  let client: Client<RegisteredConfig> | undefined;
  let users = 0;
  let closing: ReturnType<typeof setTimeout> | undefined;

  const page = {
    ...firstValues(initial),
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    /** Of the connection that is open: retain it first. */
    get ready() {
      return client?.ready ?? Promise.resolve();
    },
    retain: () => {
      users += 1;
      clearTimeout(closing);
      client ??= open();
      return () => {
        users -= 1;
        if (!users) closing = setTimeout(close, closeDelayMs);
      };
    },
  };

  function open(): Client<RegisteredConfig> {
    // What a daemon has said since is newer than what came with the page.
    const opened = createClient<RegisteredConfig>({ url, initial: page.status.source === "daemon" ? undefined : initial });
    opened.subscribe(() => {
      const { config, status } = opened;
      // A connection that has heard nothing yet takes nothing away from what is shown.
      if (status.source === "none" && page.status.source !== "none") page.status = { ...page.status, state: "stale" };
      else Object.assign(page, { config, status });
      for (const listener of listeners) listener();
    });
    return opened;
  }

  function close(): void {
    void client?.close();
    client = undefined;
  }

  return page;
}
