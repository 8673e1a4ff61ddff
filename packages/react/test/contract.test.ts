// @vitest-environment happy-dom
import { createClient } from "@setpoint/client/browser";
import { adapterContract, startMemoryUpstream, type ContractConfig } from "@setpoint/testkit";
import { startReact } from "./start-react.ts";

adapterContract({
  name: "React over a stream in memory",
  start: async ({ reachable }) => {
    const upstream = await startMemoryUpstream({ audience: "client" });
    if (!reachable) await upstream.down();
    const client = createClient<ContractConfig>({ url: `${upstream.url.replace("http", "ws")}/setpoint/stream` });
    if (reachable) await client.ready;
    return startReact(client, upstream);
  },
});
