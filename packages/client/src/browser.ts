import { systemClock } from "./clock.ts";
import { connect } from "./connection.ts";
import { createLiveClient } from "./live-client.ts";
import { linkTo } from "./page-link.ts";
import { createReplica } from "./replica.ts";
import type { Client, InitialState } from "./types.ts";

export { createIdleClient, type IdleClient, type IdleClientOptions } from "./idle-client.ts";
export type { Client, ClientStatus, ConfigChange, Handle, InitialState, KeyOf, Scope, ScopeContext, ValueAt } from "./types.ts";

export interface BrowserClientOptions {
  /** Of a browser endpoint: a path on the page's origin, or a URL. Default: `/setpoint/stream`. */
  readonly url?: string;
  /** What the server rendered into the page. */
  readonly initial?: InitialState | undefined;
}

/** A client in a browser: the keys marked `client`, over the application's own browser endpoint and with the page's own login. */
export function createClient<Config>({ url = "/setpoint/stream", initial }: BrowserClientOptions = {}): Client<Config> {
  const replica = createReplica({ value: new Map() });
  return createLiveClient((report) => connect(linkTo(url), systemClock, replica, report), systemClock, replica, initial);
}
