import { createClient, type Client } from "@setpoint/client/browser";
import { startMemoryUpstream, type ContractConfig, type MemoryUpstream } from "@setpoint/testkit";
import { act, StrictMode, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { SetpointProvider, type SetpointProviderProps } from "../src/index.ts";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

/** A root with a provider, and what it shows. */
export interface Page {
  text(): string;
  show(children: ReactNode): Promise<void>;
  leave(): Promise<void>;
}

/** Mounts a provider with its children in a root of its own. */
export async function mountPage(props: SetpointProviderProps, options: { readonly strict?: boolean } = {}): Promise<Page> {
  const element = document.createElement("div");
  const root = createRoot(element);
  const show = async (children: ReactNode) => {
    const provider = <SetpointProvider {...props}>{children}</SetpointProvider>;
    await act(async () => root.render(options.strict ? <StrictMode>{provider}</StrictMode> : provider));
  };
  await show(props.children);
  return { text: () => element.textContent, show, leave: () => act(async () => root.unmount()) };
}

/** What stands behind a page: its address for browsers, a client of the test's own that has its values, and what changes them. */
export interface Live {
  readonly upstream: MemoryUpstream;
  readonly url: string;
  readonly client: Client<ContractConfig>;
  /** Commits, and resolves when the test's client has it and React has rendered with it. */
  change(values: Parameters<MemoryUpstream["commit"]>[0]): Promise<void>;
  close(): Promise<void>;
}

export async function startLive(): Promise<Live> {
  const upstream = await startMemoryUpstream({ audience: "client" });
  const url = `${upstream.url.replace("http", "ws")}/setpoint/stream`;
  const client = createClient<ContractConfig>({ url });
  await client.ready;
  return {
    upstream,
    url,
    client,
    change: (values) =>
      act(async () => {
        const { promise, resolve } = Promise.withResolvers<void>();
        const stop = client.subscribe(resolve);
        await upstream.commit(values);
        await promise;
        stop();
      }),
    close: async () => {
      await client.close();
      await upstream.close();
    },
  };
}
