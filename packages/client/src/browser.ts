import { systemClock } from "./clock.ts";
import { createLiveClient } from "./live-client.ts";
import { createReplica } from "./replica.ts";
import type { Client, InitialState } from "./types.ts";

export type { Client, ClientStatus, ConfigChange, Handle, InitialState, KeyOf, Scope, ScopeContext, ValueAt } from "./types.ts";

export interface BrowserClientOptions {
  /** Of a browser endpoint: a path on the page's origin, or a URL. */
  readonly url?: string;
  /** What the server rendered into the page. */
  readonly initial?: InitialState | undefined;
}

/** A client in a browser: the keys marked `client`, over the application's own browser endpoint and with the page's own login. */
export function createClient<Config>({ url = "/setpoint/stream", initial }: BrowserClientOptions = {}): Client<Config> {
  return createLiveClient((events) => Object.assign(new WebSocket(url), events), systemClock, createReplica({ value: new Map() }), initial);
}
