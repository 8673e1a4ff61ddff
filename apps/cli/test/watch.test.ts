import { afterAll, beforeAll, expect, test } from "vitest";
import { openShop, type Shop, start } from "./setpoint-process.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});

afterAll(() => shop.close());

test("what is no pattern is refused", async () => {
  const refused = await shop.run(["watch", "shop.max*"]);
  expect(refused.code).toBe(6);
  expect(refused.stderr).toContain("is not a pattern");
});

test("changes that match are JSON lines, made by another process, in their order; Ctrl-C ends with 130", async () => {
  const watching = start(["watch", "shop.*"], { env: shop.env });
  await watching.seen(/Watching shop\.\* in dev/);
  await shop.run(["set", "shop.maxItems", "20"]);
  await watching.seen(/"value":20/);
  await shop.run(["set", "shop.maxItems", "21"]);
  await watching.seen(/"value":21/);
  watching.process.kill("SIGINT");
  const { code, stdout } = await watching.ended;
  expect(code).toBe(130);
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
  expect(lines).toMatchObject([
    { environment: "dev", key: "shop.maxItems", previous: 10, value: 20 },
    { environment: "dev", key: "shop.maxItems", previous: 20, value: 21 },
  ]);
});

test("what does not match, or is of another environment, is not told", async () => {
  const watching = start(["watch", "shop.banner", "-e", "production", "--plain"], { env: shop.env });
  await watching.seen(/Watching shop\.banner in production/);
  await shop.run(["set", "shop.banner", "dev only"]);
  await shop.run(["set", "-e", "production", "shop.maxItems=5", "shop.banner=told", "--yes"]);
  await watching.seen(/told/);
  watching.process.kill("SIGINT");
  const { stdout } = await watching.ended;
  expect(stdout).toMatch(/^\S+Z\tshop\.banner\t"hi"\t"told"\t\d+\n$/);
});

test("an unknown environment is an error at once", async () => {
  expect((await shop.run(["watch", "-e", "prodution"])).code).toBe(7);
});
