import { createClient } from "@setpoint/client";
import { adapterContract, startDaemonUpstream, startMemoryUpstream, type ContractConfig } from "@setpoint/testkit";
import { startFastify } from "./start-fastify.ts";

const upstreams = { "a stream in memory": startMemoryUpstream, "a real daemon": startDaemonUpstream };

for (const [name, startUpstream] of Object.entries(upstreams)) {
  adapterContract({
    name: `Fastify over ${name}`,
    start: async ({ reachable }) => {
      const upstream = await startUpstream();
      if (!reachable) await upstream.down();
      const client = createClient<ContractConfig>({ url: upstream.url, token: upstream.token, environment: "base" });
      if (reachable) await client.ready;
      return await startFastify(client, upstream);
    },
  });
}
