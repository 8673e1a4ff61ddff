import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createClient } from "@setpoint/client";
import { setpoint } from "@setpoint/express";
import express from "express";
import type { Config } from "./config.ts";

const client = createClient<Config>();
await client.ready;

const live = setpoint({ client });
const app = express();
app.use(live);
app.get("/", (request, response) => {
  const { greeting, repeat } = request.config.hello;
  response.json({ message: Array(repeat).fill(greeting).join(", "), revision: request.setpoint.revision });
});

const server = createServer(app);
server.listen(Number(process.env["PORT"] ?? 4748), "127.0.0.1", () => {
  console.log(`Express answers at http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

const stop = async (): Promise<void> => {
  await live.close();
  await client.close();
  server.close();
};
process.once("SIGTERM", () => void stop()).once("SIGINT", () => void stop());
