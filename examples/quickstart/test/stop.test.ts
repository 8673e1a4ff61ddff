import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runExample } from "../../run-example.ts";

test("ends by itself when it is asked to, and tells a connected browser to come back", async () => {
  const example = await runExample(fileURLToPath(new URL("..", import.meta.url)));
  const browser = new WebSocket(`${example.url.replace("http", "ws")}/setpoint/stream`);
  browser.addEventListener("open", () => browser.send(JSON.stringify({ type: "subscribe", environment: "own" })));
  const closed = new Promise<CloseEvent>((resolve) => browser.addEventListener("close", resolve));
  const { data } = await new Promise<MessageEvent>((resolve) =>
    browser.addEventListener("message", (message) => resolve(message), { once: true }),
  );
  expect(JSON.parse(String(data))).toMatchObject({ type: "snapshot", values: { "shop.discountPercent": 0 } });
  expect(await example.stop()).toBe(0);
  expect((await closed).code).toBe(1012);
});
