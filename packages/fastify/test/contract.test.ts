import { createClient } from "@setpoint/client";
import { adapterContract, shareDaemon, startMemoryUpstream, type ContractConfig } from "@setpoint/testkit";
import { afterAll } from "vitest";
import { startFastify } from "./start-fastify.ts";

const daemon = shareDaemon();
afterAll(daemon.close);

const upstreams = { "a stream in memory": startMemoryUpstream, "a real daemon": daemon.lease };

for (const [name, startUpstream] of Object.entries(upstreams)) {
  adapterContract({
    name: `Fastify over ${name}`,
    start: async ({ reachable }) => {
      const upstream = await startUpstream();
      if (!reachable) await upstream.down();
      const { url, token, environment } = upstream;
      const client = createClient<ContractConfig>({ url, token, environment });
      if (reachable) await client.ready;
      return await startFastify(client, upstream);
    },
  });
}
