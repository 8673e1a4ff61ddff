import { systemClock } from "./clock.ts";
import { connect, type Report } from "./connection.ts";
import { createLiveClient } from "./live-client.ts";
import { linkTo } from "./page-link.ts";
import { createReplica } from "./replica.ts";
import type { Client, InitialState } from "./types.ts";

/** A page's client that is connected only while somebody asks for it, and keeps what it knows in between. */
export interface IdleClient<Config> extends Omit<Client<Config>, "close"> {
  /** Connects, from where it was, until what it returns is called. Not while it is connected already. */
  connect(): () => void;
}

export interface IdleClientOptions {
  /** Of a browser endpoint: a path on the page's origin, or a URL. */
  readonly url: string;
  /** What the server rendered into the page. */
  readonly initial?: InitialState | undefined;
}

/** Shows `initial`, equally on a server and in a page, and connects to nothing yet. */
export function createIdleClient<Config>({ url, initial }: IdleClientOptions): IdleClient<Config> {
  const replica = createReplica({ value: new Map() });
  let report: Report;
  const client = createLiveClient<Config>(
    (show) => {
      report = show;
      return () => {};
    },
    systemClock,
    replica,
    initial,
  );
  return Object.assign(client, {
    connect: () => {
      const stop = connect(linkTo(url), systemClock, replica, report);
      return () => {
        void stop();
        report({ state: replica.cursor ? "stale" : "connecting" });
      };
    },
  });
}
