import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { ServerClient } from "@setpoint/client";
import { createOpenRequests, type ContractApplication, type ContractConfig, type ContractUpstream } from "@setpoint/testkit";
import express from "express";
import { currentConfig, setpoint } from "../src/index.ts";

/** An Express application under contract, on a port of its own. */
export async function startExpress(client: ServerClient<ContractConfig>, upstream: ContractUpstream): Promise<ContractApplication> {
  const requests = createOpenRequests();
  const live = setpoint({ client, context: ({ headers }) => ({ user: String(headers["x-user"]) }) });
  const app = express();
  app.use(live);
  app.get("/unit", async (request, response) => {
    const { context, forBrowser } = request.setpoint;
    await requests.held({ config: () => request.config, currentConfig, context, forBrowser });
    response.end();
  });
  const server = createServer(app);
  live.attach(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/unit`;
  return {
    upstream,
    begin: (options) => requests.begin(url, options),
    watch: (keys) => requests.watch(url, keys),
    state: () => client.status.state,
    close: async () => {
      await live.close();
      await client.close();
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}
