import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { createClient } from "@setpoint/client";
import { createBrowserEndpoint, type BrowserEndpoint } from "@setpoint/client/browser-endpoint";
import type { ContractUpstream, DaemonUpstream } from "@setpoint/testkit";

/** What stands behind a page in earnest: an application's endpoint for browsers, its client, and a daemon. Down and up is the application. */
export async function startApplicationUpstream(daemon: DaemonUpstream): Promise<ContractUpstream & { readonly url: string }> {
  const { url, token, environment } = daemon;
  const client = createClient({ url, token, environment });
  const browsers = new Set<Duplex>();
  let endpoint: BrowserEndpoint | undefined;
  let server: Server | undefined;

  async function listen(port: number): Promise<Server> {
    const opened = createBrowserEndpoint({ client, allowedOrigins: [location.origin] });
    endpoint = opened;
    const listening = createServer((request, response) => void opened.handle(request, response));
    listening.on("upgrade", (request, socket, head) => {
      browsers.add(socket);
      socket.on("close", () => browsers.delete(socket));
      opened.upgrade(request, socket, head);
    });
    await new Promise<void>((resolve) => listening.listen(port, "127.0.0.1", resolve));
    return listening;
  }
  server = await listen(0);
  const { port } = server.address() as AddressInfo;

  async function down(): Promise<void> {
    await endpoint?.close();
    server?.close();
    endpoint = undefined;
    server = undefined;
  }

  return {
    url: `http://127.0.0.1:${port}`,
    commit: daemon.commit,
    down,
    up: async () => {
      server ??= await listen(port);
    },
    subscribers: async () => browsers.size,
    close: async () => {
      await down();
      await client.close();
      await daemon.close();
    },
  };
}
