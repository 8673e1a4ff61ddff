import { type ConfigTree, editTree, type Json } from "@setpoint/core/replica";
import type { Cursor } from "@setpoint/protocol/frames";
import type { Clock } from "./clock.ts";
import { connect, type StatusPatch } from "./connection.ts";
import { keyExpression } from "./key-expression.ts";
import type { OpenLink } from "./link.ts";
import type { Replica } from "./replica.ts";
import type { Client, ClientStatus, ConfigChange, InitialState, ScopeContext } from "./types.ts";

type Listener = (changes: readonly ConfigChange[]) => unknown;

/**
 * A client over any kind of link. Everything that is read at one moment is of one revision, also inside a listener.
 * A listener's fault is its own: it surfaces as an unhandled rejection and keeps nothing from the others.
 * @param replica still empty
 */
export function createLiveClient<Config>(open: OpenLink, clock: Clock, replica: Replica, initial?: InitialState): Client<Config> {
  const handles = new Map<string, { readonly key: string; value: Json | undefined }>();
  const listeners = new Set<Listener>();
  const listen = (listener: Listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };

  const client = {
    config: {} as ConfigTree,
    status: {} as ClientStatus,
    ready: new Promise<void>((resolve) => listen(() => replica.cursor && resolve())),
    get: replica.get,
    handle: (key: string) => handles.get(key) ?? handles.set(key, { key, value: replica.get(key) }).get(key),
    watch: (pattern: string, listener: (change: ConfigChange) => void) => {
      const expression = keyExpression(pattern);
      const watcher: Listener = (changes) => {
        for (const change of changes)
          if (expression.test(`${change.key}.`) && listeners.has(watcher)) void new Promise(() => listener(change));
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
      await stop();
    },
  };

  const show = (patch: StatusPatch, changes: readonly ConfigChange[] = []): void => {
    const { cursor } = replica;
    const { status } = client;
    client.status = {
      ...status,
      ...patch,
      cursor,
      revision: parseInt(cursor as string) || 0,
      ...(patch.state !== status.state && { since: clock.now() }),
    };
    client.config = editTree(client.config, changes);
    handles.forEach((handle, key) => (handle.value = replica.get(key)));
    [...listeners].forEach((listener) => listeners.has(listener) && listener(changes));
  };

  const start = initial?.cursor && replica.apply({ ...(initial as InitialState & { cursor: Cursor }), type: "initial" });
  show({ state: "connecting", source: start ? "initial" : "none", attempts: 0 }, start as readonly ConfigChange[] | undefined);
  const stop = connect(open, clock, replica, show);
  return client as unknown as Client<Config>;
}
