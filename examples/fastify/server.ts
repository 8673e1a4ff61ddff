import { createClient } from "@setpoint/client";
import { setpoint } from "@setpoint/fastify";
import fastify from "fastify";
import type { Config } from "./config.ts";

const client = createClient<Config>();
await client.ready;

const app = fastify({ forceCloseConnections: true });
await app.register(setpoint, { client });
app.get("/", (request) => {
  const { greeting, repeat } = request.config.hello;
  return { message: Array(repeat).fill(greeting).join(", "), revision: request.setpoint.revision };
});

const url = await app.listen({ host: "127.0.0.1", port: Number(process.env["PORT"] ?? 4748) });
console.log(`Fastify answers at ${url}`);

const stop = (): void => void app.close().then(() => client.close());
process.once("SIGTERM", stop).once("SIGINT", stop);
