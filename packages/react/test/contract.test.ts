// @vitest-environment happy-dom
import { createClient } from "@setpoint/client/browser";
import { adapterContract, shareDaemon, startMemoryUpstream, type ContractConfig } from "@setpoint/testkit";
import { afterAll } from "vitest";
import { startApplicationUpstream } from "./application-upstream.ts";
import { startReact } from "./start-react.ts";

const daemon = shareDaemon();
afterAll(daemon.close);

const upstreams = {
  "a stream in memory": () => startMemoryUpstream({ audience: "client" }),
  "an application and a real daemon": async () => startApplicationUpstream(await daemon.lease()),
};

for (const [name, startUpstream] of Object.entries(upstreams)) {
  adapterContract({
    name: `React over ${name}`,
    start: async ({ reachable }) => {
      const upstream = await startUpstream();
      if (!reachable) await upstream.down();
      const client = createClient<ContractConfig>({ url: `${upstream.url.replace("http", "ws")}/setpoint/stream` });
      if (reachable) await client.ready;
      return startReact(client, upstream);
    },
  });
}
