import { createElement, StrictMode, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { flushSync } from "react-dom";
import type { Client } from "@setpoint/client/browser";
import { valueAtPath, type ContractApplication, type ContractConfig, type ContractUpstream } from "@setpoint/testkit";
import { SetpointProvider, useConfig } from "../src/index.ts";

/** A page under contract: each unit of work is a component of its own root that keeps what its first render was given. */
export function startReact(client: Client<ContractConfig>, upstream: ContractUpstream): ContractApplication {
  const unmounts = new Set<() => void>();

  function mount(child: ReactNode): () => void {
    const root = createRoot(document.createElement("div"));
    flushSync(() => root.render(createElement(SetpointProvider, { client }, child)));
    const unmount = () => {
      if (unmounts.delete(unmount)) root.unmount();
    };
    unmounts.add(unmount);
    return unmount;
  }

  return {
    upstream,
    begin: async () => {
      const renders: unknown[] = [];
      const unmount = mount(createElement(StrictMode, null, createElement(Reader, { renders })));
      return {
        read: (key) => valueAtPath(renders[0], key),
        branch: (path) => valueAtPath(renders[0], path),
        finish: async () => unmount(),
      };
    },
    watch: async (keys) => {
      const seen: unknown[][] = [];
      const unmount = mount(createElement(Watcher, { keys, seen }));
      return {
        seen,
        settled: async () => flushSync(() => undefined),
        stop: async () => unmount(),
      };
    },
    state: () => client.status.state,
    close: async () => {
      for (const unmount of unmounts) unmount();
      await client.close();
    },
  };
}

function Reader({ renders }: { readonly renders: unknown[] }): null {
  renders.push(useConfig());
  return null;
}

function Watcher({ keys, seen }: { readonly keys: readonly string[]; readonly seen: unknown[][] }): null {
  seen.push(useConfig((config) => keys.map((key) => valueAtPath(config, key))));
  return null;
}
