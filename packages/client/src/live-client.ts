import { editTree, type Json } from "@setpoint/core/replica";
import type { Cursor } from "@setpoint/protocol/frames";
import type { Clock } from "./clock.ts";
import type { Report } from "./connection.ts";
import { keyExpression } from "./key-expression.ts";
import type { Replica } from "./replica.ts";
import type { Client, ClientStatus, ConfigChange, InitialState, ScopeContext } from "./types.ts";

type Listener = (changes: readonly ConfigChange[]) => unknown;

/**
 * A client over any kind of connection. Everything that is read at one moment is of one revision, also inside a listener.
 * A listener's fault is its own: it surfaces as an unhandled rejection and keeps nothing from the others.
 * @param begin fills the replica and reports from then on; returns what ends that
 * @param replica still empty
 */
export function createLiveClient<Config>(
  begin: (report: Report) => () => void | Promise<void>,
  clock: Clock,
  replica: Replica,
  initial?: InitialState,
): Client<Config> {
  const handles = new Map<string, { readonly key: string; value: Json | undefined }>();
  const listeners = new Set<Listener>();
  let resolveReady: () => void;
  const listen = (listener: Listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };

  const client = {
    config: editTree({}, []),
    status: { state: "connecting", source: "none", attempts: 0, revision: 0, since: 0 } as ClientStatus,
    ready: new Promise<void>((resolve) => (resolveReady = resolve)),
    get: replica.get,
    handle: (key: string) => handles.get(key) ?? handles.set(key, { key, value: replica.get(key) }).get(key),
    watch: (pattern: string, listener: (change: ConfigChange) => void) => {
      const expression = keyExpression(pattern);
      const watcher: Listener = (changes) => {
        changes.forEach((change) => {
          if (expression.test(change.key + ".") && listeners.has(watcher)) void new Promise(() => listener(change));
        });
      };
      return listen(watcher);
    },
    subscribe: (listener: () => void) => listen(() => new Promise(() => listener())),
    scope: (context?: ScopeContext) => {
      const values = replica.keep();
      return { ...client.status, config: client.config, context: { ...context }, get: (key: string) => values.get(key) };
    },
    close: async () => {
      if (client.status.state !== "closed") show({ state: "closed" });
      return stop();
    },
  };

  const show: Report = (patch, changes = []) => {
    const { cursor } = replica;
    const { status } = client;
    client.status = {
      ...status,
      ...patch,
      cursor,
      revision: parseInt(cursor as string) || 0,
      since: patch.state === status.state ? status.since : clock.now(),
    };
    client.config = editTree(client.config, changes);
    handles.forEach((handle) => (handle.value = replica.get(handle.key)));
    if (cursor || patch.state === "closed") resolveReady();
    [...listeners].forEach((listener) => listeners.has(listener) && listener(changes));
  };

  if (initial?.cursor) {
    const changes = replica.apply({ ...(initial as InitialState & { cursor: Cursor }), type: "initial" });
    show({ state: "connecting", source: "initial" }, changes as readonly ConfigChange[]);
  }
  const stop = begin(show);
  return client as unknown as Client<Config>;
}
