// Run as a program by the tests: starts everything, answers one request, closes everything, and must then end by itself.
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createClient } from "@setpoint/client";
import type { ContractConfig } from "@setpoint/testkit";
import fastify from "fastify";
import { setpoint } from "../src/index.ts";

const [url = "", token = ""] = process.argv.slice(2);
const client = createClient<ContractConfig>({ url, token, environment: "base" });
await client.ready;
const app = fastify();
await app.register(setpoint, { client });
app.get("/", async (request) => String(request.config.shop.maxItems));
await app.listen({ host: "127.0.0.1", port: 0 });
const { port } = app.server.address() as AddressInfo;
const [response] = (await once(get({ host: "127.0.0.1", port, agent: false }), "response")) as [IncomingMessage];
for await (const chunk of response) process.stdout.write(String(chunk));
await app.close();
await client.close();
