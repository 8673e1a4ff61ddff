import { createClient } from "@setpoint/client";
import { setpoint } from "@setpoint/fastify";
import fastify from "fastify";
import type { Config } from "./config.ts";
import { createProcessor } from "./processor.ts";

/** A step of the largest reservoir takes about 50 ms, and nothing else is answered meanwhile. */
const samplesMax = 64;

const client = createClient<Config>();
await client.ready;
const processor = createProcessor(client, () => performance.now());

const app = fastify({ forceCloseConnections: true });
await app.register(setpoint, { client });

app.get("/config", (request) => request.config.dtesn);
app.get("/state", () => processor.state());
app.post<{ Body: { readonly signal: readonly number[] } }>(
  "/process",
  {
    schema: {
      body: {
        type: "object",
        required: ["signal"],
        additionalProperties: false,
        properties: { signal: { type: "array", minItems: 1, maxItems: samplesMax, items: { type: "number", minimum: -1, maximum: 1 } } },
      },
    },
  },
  (request) => processor.process(request.body.signal),
);

const url = await app.listen({ host: "127.0.0.1", port: Number(process.env["PORT"] ?? 4748) });
console.log(`The reservoir answers at ${url}`);

const stop = (): void => {
  processor.close();
  void app.close().then(() => client.close());
};
process.once("SIGTERM", stop).once("SIGINT", stop);
