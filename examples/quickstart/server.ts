import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { createClient } from "@setpoint/client";
import { setpoint } from "@setpoint/express";
import type { Config } from "./src/config.ts";
import { readPage } from "./src/page.ts";
import { createStorefront } from "./src/storefront.ts";

const host = "127.0.0.1";
const port = Number(process.env["STOREFRONT_PORT"] || 4748);
const patienceMs = 3_000;

const folder = fileURLToPath(new URL("dist", import.meta.url));
const renderPage = readPage(folder) ?? giveUp("The page is not built. Build it: npm run build");

const client = createClient<Config>();
const impatience = setTimeout(
  () => console.error("Waiting for setpointd. Is it running? Start both: setpoint dev examples/quickstart"),
  patienceMs,
);
await client.ready;
clearTimeout(impatience);

const live = setpoint({ client });
const server = createServer(createStorefront({ live, renderPage, folder }));
server.keepAliveTimeout = client.config.shop.keepAliveTimeoutMs;
live.attach(server);

server.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EADDRINUSE") throw error;
  giveUp(`Port ${port} is taken. Stop what listens there, or choose another: STOREFRONT_PORT=${port + 1}`);
});
server.listen(port, host, () => console.log(`The shop is open at http://${host}:${(server.address() as AddressInfo).port}`));

async function stop(): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  await live.close();
  server.closeIdleConnections();
  await closed;
  await client.close();
}
process.once("SIGTERM", () => void stop()).once("SIGINT", () => void stop());

function giveUp(reason: string): never {
  console.error(reason);
  process.exit(1);
}
