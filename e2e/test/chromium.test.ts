import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { findChromium } from "@setpoint/testkit/chromium";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

let browser: Browser;
let server: Server;

beforeAll(async () => {
  server = createServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end(`<!doctype html><title>Setpoint</title><h1 style="color: rgb(0, 128, 0)">loading</h1>
      <script>document.querySelector("h1").textContent = String(6 * 7);</script>`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  browser = await chromium.launch(await findChromium());
});

afterAll(async () => {
  await browser?.close();
  server?.close();
});

test("the browser of the end-to-end tests runs a page of this machine and paints it", async () => {
  const page = await browser.newPage({ viewport: { width: 320, height: 200 } });
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  expect(await page.locator("h1").textContent()).toBe("42");

  const painted = await page.screenshot();
  await page.setContent("<!doctype html>");
  expect(painted.equals(await page.screenshot())).toBe(false);
});

test("two searches at once find the same browser", async () => {
  const [first, second] = await Promise.all([findChromium(), findChromium()]);
  expect(first).toEqual(second);
});
