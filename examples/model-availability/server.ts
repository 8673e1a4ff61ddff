import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createClient } from "@setpoint/client";
import { setpoint } from "@setpoint/express";
import express from "express";
import { z } from "zod";
import type { Config } from "./config.ts";
import { planDownload } from "./plan-download.ts";

const planRequest = z.strictObject({
  model: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/),
  size_mb: z.number().positive().max(10_000_000),
});

const client = createClient<Config>();
await client.ready;

const live = setpoint({ client });
const app = express();
app.use(live);

app.get("/api/settings", (request, response) => {
  response.json(request.config.models);
});

app.post("/api/downloads/plan", express.json({ limit: "16kb" }), (request, response) => {
  const wanted = planRequest.safeParse(request.body);
  if (wanted.success) response.json(planDownload(request.config.models, wanted.data.model, wanted.data.size_mb));
  else response.status(400).json({ error: z.prettifyError(wanted.error) });
});

const server = createServer(app);
server.listen(Number(process.env["PORT"] ?? 4748), "127.0.0.1", () => {
  console.log(`The model service answers at http://127.0.0.1:${(server.address() as AddressInfo).port}/api/settings`);
});

const stop = async (): Promise<void> => {
  await live.close();
  await client.close();
  server.close();
};
process.once("SIGTERM", () => void stop()).once("SIGINT", () => void stop());
