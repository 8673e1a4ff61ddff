import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { createClient } from "@setpoint/client";
import { setpoint } from "@setpoint/express";
import { serializeInitial } from "@setpoint/react/server";
import express from "express";
import type { Config } from "./config.ts";

const built = new URL("dist/", import.meta.url);
if (!existsSync(built)) {
  console.error("The page is not built. Build it: npm run build");
  process.exit(1);
}
const template = readFileSync(new URL("client/index.html", built), "utf8");
const { render } = (await import(new URL("server/render.js", built).href)) as typeof import("./web/render.tsx");

const client = createClient<Config>();
await client.ready;

const live = setpoint({ client });
const app = express();
app.use(live);
app.get("/", (request, response) => {
  const initial = request.setpoint.forBrowser();
  if (!initial) {
    response.status(503).set("Retry-After", "1").send("The first values are on their way.");
    return;
  }
  const data = `<script type="application/json" id="setpoint">${serializeInitial(initial)}</script>`;
  response
    .set({ "Content-Security-Policy": "default-src 'self'; base-uri 'none'; frame-ancestors 'none'", "Cache-Control": "no-store" })
    .send(template.replace("<!--page-->", () => render(initial)).replace("<!--setpoint-->", () => data));
});
app.use("/assets", express.static(fileURLToPath(new URL("client/assets", built)), { immutable: true, maxAge: "1y" }));

const server = createServer(app);
live.attach(server);
server.listen(Number(process.env["PORT"] ?? 4748), "127.0.0.1", () => {
  console.log(`The board hangs at http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

const stop = async (): Promise<void> => {
  await live.close();
  await client.close();
  server.close();
};
process.once("SIGTERM", () => void stop()).once("SIGINT", () => void stop());
