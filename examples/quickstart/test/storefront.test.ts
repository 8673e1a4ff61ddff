import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runExample, type RunningExample } from "../../run-example.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));
let example: RunningExample;

beforeAll(async () => {
  example = await runExample(folder);
});

afterAll(() => example.stop());

const read = async (path: string): Promise<unknown> => (await fetch(`${example.url}${path}`)).json();
const pageNow = async (): Promise<string> => (await fetch(example.url)).text();
const order = async (body: string): Promise<{ status: number; answer: unknown }> => {
  const response = await fetch(`${example.url}/api/checkout`, { method: "POST", headers: { "content-type": "application/json" }, body });
  return { status: response.status, answer: await response.json() };
};
const oneBowl = JSON.stringify({ region: "Europe", lines: [{ id: "supper-bowl", quantity: 1 }] });

test("says in exactly one line where it listens", () => {
  expect(example.output()).toBe(`The shop is open at ${example.url}\n`);
});

test("one commit over several keys is in the next answer as a whole, without a restart", async () => {
  const before = (await read("/api/products")) as { products: readonly unknown[] };
  expect(before).toMatchObject({ discountPercent: 0, currency: "EUR" });
  expect(before.products).toHaveLength(6);
  await example.set({ "shop.discountPercent": 25, "shop.itemsPerPage": 2, "shop.currency": "GBP" });
  await expect
    .poll(() => read("/api/products"))
    .toMatchObject({
      discountPercent: 25,
      currency: "GBP",
      products: [
        { id: "moon-jar", price: 96_00, fullPrice: 128_00 },
        { id: "supper-bowl", price: 21_75, fullPrice: 29_00 },
      ],
    });
});

test("the page starts from the values in force, without those of the server and without any token", async () => {
  await example.set({ "shop.banner": "</script><b>Open studio" });
  const valuesNow = async (): Promise<Record<string, unknown>> => {
    const [, data = "{}"] = /<script type="application\/json" id="setpoint">(.*?)<\/script>/.exec(await pageNow()) ?? [];
    return (JSON.parse(data) as { values: Record<string, unknown> } | null)?.values ?? {};
  };
  await expect.poll(valuesNow).toMatchObject({ "shop.banner": "</script><b>Open studio" });
  expect(Object.keys(await valuesNow())).toEqual([
    "shop.accent",
    "shop.banner",
    "shop.checkoutEnabled",
    "shop.currency",
    "shop.discountPercent",
    "shop.itemsPerPage",
    "shop.shippingRules",
  ]);
  expect(await pageNow()).not.toContain(example.daemon.token);
});

test("the page allows no script but its own files", async () => {
  const response = await fetch(example.url);
  const policy = response.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'; script-src 'self'");
  expect(policy).not.toContain("unsafe");
  expect(await response.text()).not.toMatch(/<script(?![^>]*(?:src=|application\/json))/);
});

test("orders are reckoned under the rules in force, and refused while checkout is closed", async () => {
  await example.set({
    "shop.currency": "EUR",
    "shop.discountPercent": 50,
    "shop.shippingRules": [{ region: "Europe", fee: 9, freeFrom: 200 }],
  });
  await expect
    .poll(() => order(oneBowl))
    .toMatchObject({ status: 200, answer: { currency: "EUR", goods: 17_00, shipping: 9_00, total: 26_00 } });

  await example.set({ "shop.checkoutEnabled": false });
  await expect.poll(() => order(oneBowl)).toMatchObject({ status: 503, answer: { error: expect.stringContaining("closed") } });
  await example.set({ "shop.checkoutEnabled": true });
  await expect.poll(() => order(oneBowl)).toMatchObject({ status: 200 });
});

test("an order waits for its payment no longer than the shop says", async () => {
  await example.set({ "shop.paymentTimeoutMs": 100 });
  await expect.poll(() => order(oneBowl)).toMatchObject({ status: 504 });
  await example.set({ "shop.paymentTimeoutMs": 4_000 });
  await expect.poll(() => order(oneBowl)).toMatchObject({ status: 200 });
});

test.each([
  [400, "{"],
  [400, JSON.stringify({ region: "Europe", lines: [] })],
  [400, JSON.stringify({ region: "Europe", lines: [{ id: "supper-bowl", quantity: 0 }] })],
  [422, JSON.stringify({ region: "Europe", lines: [{ id: "amphora", quantity: 1 }] })],
  [422, JSON.stringify({ region: "Atlantis", lines: [{ id: "supper-bowl", quantity: 1 }] })],
])("answers %i to an order that makes no sense: %s", async (status, body) => {
  expect(await order(body)).toEqual({ status, answer: expect.objectContaining({ error: expect.any(String) }) });
});

test("a taken port is named, with what to do", async () => {
  const { port } = new URL(example.url);
  const { url, stateDir } = example.daemon;
  const second = spawn(process.execPath, ["server.ts"], {
    cwd: folder,
    env: { ...process.env, SETPOINT_URL: url, SETPOINT_STATE_DIR: stateDir, STOREFRONT_PORT: port },
  });
  let complaint = "";
  second.stderr.setEncoding("utf8").on("data", (text: string) => (complaint += text));
  const [code] = (await once(second, "close")) as [number | null];
  expect(code).toBe(1);
  expect(complaint).toContain(`Port ${port} is taken.`);
  expect(complaint).toContain("STOREFRONT_PORT=");
});
