import { createIdleClient, type Client, type InitialState } from "@setpoint/client/browser";
import * as React from "react";
import { pageClientOf, type ConfigSource, type Shown } from "./page-client.ts";
import type { RegisteredConfig } from "./register.ts";

export interface SetpointProviderProps {
  /** What the server gave the page, `req.setpoint.forBrowser()`. Only the first counts: from then on the connection is ahead. */
  readonly initial?: InitialState | undefined;
  /** A client of the application's own, which stays its own to close. Without it the page's client is open while it is needed. */
  readonly client?: Client<RegisteredConfig>;
  /** Where the application serves browsers: a path of the page's origin, or a URL. */
  readonly url?: string;
  readonly children?: React.ReactNode;
}

/** What the hooks below a provider share. */
interface Provided {
  readonly source: ConfigSource;
  /** What a server renders, and a page until it is hydrated. */
  readonly first: Shown;
}

const Context = React.createContext<Provided | undefined>(undefined);

/** Gives the hooks below it their configuration, and keeps one connection per `url` open while any such provider is mounted. */
export function SetpointProvider({ initial, client, url = "/setpoint/stream", children }: SetpointProviderProps): React.ReactElement {
  const value = React.useMemo((): Provided => {
    const source = client ?? pageClientOf(url, initial);
    return { source, first: client && !initial ? client : createIdleClient({ url, initial }) };
    // oxlint-disable-next-line react/exhaustive-deps -- `initial` is what the page began with, whatever is passed later
  }, [client, url]);
  React.useEffect(() => value.source.retain?.(), [value]);
  return React.createElement(Context.Provider, { value }, children);
}

/** What the nearest provider provides; throws where there is none. */
export function useProvided(): Provided {
  const provided = React.useContext(Context);
  if (provided) return provided;
  throw new Error("No <SetpointProvider> above");
}
