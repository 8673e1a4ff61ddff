// Run as a program by the tests: starts everything, answers one request, closes everything, and must then end by itself.
import { once } from "node:events";
import { createServer, get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createClient } from "@setpoint/client";
import type { ContractConfig } from "@setpoint/testkit";
import express from "express";
import { setpoint } from "../src/index.ts";

const [url = "", token = ""] = process.argv.slice(2);
const client = createClient<ContractConfig>({ url, token, environment: "base" });
await client.ready;
const live = setpoint({ client });
const app = express();
app.use(live);
app.get("/", (request, response) => void response.json(request.config.shop.maxItems));
const server = createServer(app).listen(0, "127.0.0.1");
live.attach(server);
await once(server, "listening");
const { port } = server.address() as AddressInfo;
const [response] = (await once(get({ host: "127.0.0.1", port, agent: false }), "response")) as [IncomingMessage];
for await (const chunk of response) process.stdout.write(String(chunk));
await live.close();
await client.close();
server.close();
