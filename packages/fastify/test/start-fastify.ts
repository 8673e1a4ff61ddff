import type { AddressInfo } from "node:net";
import type { ServerClient } from "@setpoint/client";
import { createOpenRequests, type ContractApplication, type ContractConfig, type ContractUpstream } from "@setpoint/testkit";
import fastify from "fastify";
import { currentConfig, setpoint } from "../src/index.ts";

/** A Fastify server under contract, on a port of its own. */
export async function startFastify(client: ServerClient<ContractConfig>, upstream: ContractUpstream): Promise<ContractApplication> {
  const requests = createOpenRequests();
  const app = fastify({ forceCloseConnections: true });
  await app.register(setpoint, { client, context: ({ headers }) => ({ user: String(headers["x-user"]) }) });
  app.get("/unit", async (request) => {
    const { context, forBrowser } = request.setpoint;
    await requests.held({ config: () => request.config, currentConfig, context, forBrowser });
    return {};
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/unit`;
  return {
    upstream,
    begin: (options) => requests.begin(url, options),
    watch: (keys) => requests.watch(url, keys),
    state: () => client.status.state,
    close: async () => {
      await app.close();
      await client.close();
    },
  };
}
