import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { hostname } from "node:os";
import { basename } from "node:path";
import type { ConfigTree } from "@setpoint/core/replica";
import { iterateChanges } from "./changes.ts";
import { type Clock, systemClock } from "./clock.ts";
import { connect } from "./connection.ts";
import { createDaemonLink } from "./daemon-link.ts";
import type { DiscoverOptions } from "./discover.ts";
import { createFeed } from "./feed.ts";
import { createLiveClient } from "./live-client.ts";
import { createServerReplica } from "./server-replica.ts";
import type { FrameFeed, InitialState, ServerClient } from "./types.ts";

export { type DaemonAddress, discoverDaemon, type DiscoverOptions, type DiscoveryProblem } from "./discover.ts";
export type { Clock } from "./clock.ts";
export type * from "./types.ts";

export interface ClientOptions extends DiscoverOptions {
  /** Default: `SETPOINT_ENVIRONMENT`, else the daemon's default environment. */
  readonly environment?: string | undefined;
  /** Default: all. */
  readonly namespaces?: readonly string[] | undefined;
  /** What this application is called in the list of instances. Default: the package's name, else the working folder's. */
  readonly service?: string | undefined;
  /** Which of its instances this is. Default: host, process and a random part. */
  readonly instanceId?: string | undefined;
  /** State to start from before the daemon has answered. */
  readonly initial?: InitialState | undefined;
  readonly clock?: Clock;
}

/**
 * A client of a daemon, which it finds by itself (see `discoverDaemon`) and goes on looking for: nothing here throws or waits because
 * there is none. An open client keeps the process alive; `close()` ends everything that it began.
 */
export function createClient<Config = ConfigTree>(options: ClientOptions = {}): ServerClient<Config> {
  const { namespaces, service, instanceId, initial, ...where } = options;
  const variables = options.variables ?? process.env;
  const clock = options.clock ?? clockFor(options.url || variables["SETPOINT_URL"]);
  const environment = options.environment || variables["SETPOINT_ENVIRONMENT"];
  const wanted = { ...(environment && { environment }), ...(namespaces && { namespaces }) };
  const instance = {
    service: (service || variables["npm_package_name"] || basename(process.cwd()) || "node").slice(0, 256),
    id: (instanceId || `${hostname()}-${process.pid}-${randomBytes(4).toString("hex")}`).slice(-256),
    sdk: `setpoint-js/${(createRequire(import.meta.url)("../package.json") as { version: string }).version}`,
  };
  const feeds = new Set<FrameFeed>();
  const { replica } = createServerReplica("server");
  const open = createDaemonLink({ ...where, subscription: { ...wanted, audience: "server", instance }, acknowledged: replica });
  const client = createLiveClient<Config>((report) => connect(open, clock, replica, report), clock, replica, initial);
  const { close } = client;

  return Object.assign(client, {
    changes: (pattern?: string, how?: { readonly signal?: AbortSignal }) => iterateChanges(client, pattern, how),
    feed: ({ audience }: Parameters<ServerClient["feed"]>[0]) => {
      const feed = createFeed(createDaemonLink({ ...where, subscription: { ...wanted, audience } }), clock, audience);
      const { close: closeFeed } = feed;
      feeds.add(feed);
      return Object.assign(feed, { close: () => (feeds.delete(feed), closeFeed()) });
    },
    close: async () => {
      await Promise.all([close(), ...[...feeds].map((feed) => feed.close())]);
    },
  });
}

/** A daemon on this machine is noticed within a second when it is back, and attempts to reach it disturb nobody else. */
const localBackOffMaxMs = 800;

function clockFor(url: string | undefined): Clock {
  const isLocal = !url || /^https?:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|\/|$)/.test(url);
  if (!isLocal) return systemClock;
  return { ...systemClock, backOff: (failures) => Math.random() * Math.min(localBackOffMaxMs, 200 * 2 ** failures) };
}
