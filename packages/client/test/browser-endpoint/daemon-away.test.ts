import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { startDaemonUpstream } from "@setpoint/testkit";
import { afterEach, expect, test } from "vitest";
import { createClient as createBrowserClient } from "../../src/browser.ts";
import { createBrowserEndpoint } from "../../src/browser-endpoint/index.ts";
import { createClient } from "../../src/index.ts";
import type { Client } from "../../src/types.ts";

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

const patience = { timeout: 10_000, interval: 5 };
const expectState = (client: Pick<Client, "status">, state: string) => expect.poll(() => client.status.state, patience).toBe(state);

/** An application with its own daemon, and its server for browsers. */
async function startApplication() {
  const daemon = await startDaemonUpstream();
  endings.push(daemon.close);
  const client = createClient({ url: daemon.url, token: daemon.token, environment: daemon.environment });
  endings.push(client.close);
  const endpoint = createBrowserEndpoint({ client });
  endings.push(endpoint.close);
  const browsers = new Set<Duplex>();
  let connections = 0;
  const server = createServer((request, response) => void endpoint.handle(request, response));
  server.on("upgrade", (request, socket, head) => {
    connections += 1;
    browsers.add(socket.on("close", () => browsers.delete(socket)));
    endpoint.upgrade(request, socket, head);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endings.push(() => new Promise((resolve) => server.close(resolve)));
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/setpoint/stream`;
  return {
    daemon,
    client,
    endpoint,
    connections: () => connections,
    cutBrowsers: () => {
      for (const socket of browsers) socket.destroy();
    },
    /** A page, and every state that it has shown. */
    openPage: () => {
      const page = createBrowserClient<Client["config"]>({ url });
      endings.push(page.close);
      const states = [page.status.state];
      page.subscribe(() => {
        if (page.status.state !== states.at(-1)) states.push(page.status.state);
      });
      return { page, states };
    },
  };
}

test("a page says stale while its application's own daemon is dead, keeps its values and its link, and is live again with it", async () => {
  const { daemon, client, endpoint, connections, openPage } = await startApplication();
  const { page, states } = openPage();
  await page.ready;
  await daemon.down();
  await expectState(page, "stale");
  expect(page.get("shop.maxItems")).toBe(10);
  expect(endpoint.forBrowser()?.values).toMatchObject({ "shop.maxItems": 10 });
  await daemon.up();
  await expectState(page, "live");
  await daemon.commit({ "shop.maxItems": 20 });
  await expect.poll(() => page.get("shop.maxItems"), patience).toBe(20);
  expect(states).toEqual(["connecting", "live", "stale", "live"]);
  expect(connections()).toBe(1);
  await expectState(client, "live");
});

test("a page that reconnects meanwhile stays stale, and is live once the daemon is back", async () => {
  const { daemon, connections, cutBrowsers, openPage } = await startApplication();
  const { page, states } = openPage();
  await page.ready;
  await daemon.down();
  await expectState(page, "stale");
  for (let round = 2; round <= 4; round += 1) {
    cutBrowsers();
    await expect.poll(connections, patience).toBe(round);
  }
  const late = openPage();
  await late.page.ready;
  await expectState(late.page, "stale");
  expect(late.page.get("shop.maxItems")).toBe(10);
  expect(states).toEqual(["connecting", "live", "stale"]);
  await daemon.up();
  await expectState(page, "live");
  await expectState(late.page, "live");
  expect(states).toEqual(["connecting", "live", "stale", "live"]);
});

test("browsers are told as well when the client is closed before the endpoint", async () => {
  const { client, openPage } = await startApplication();
  const { page } = openPage();
  await page.ready;
  await client.close();
  await expectState(page, "stale");
  expect(page.get("shop.maxItems")).toBe(10);
});
