import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runExample, type RunningExample } from "../../run-example.ts";

let example: RunningExample;

beforeAll(async () => {
  example = await runExample(fileURLToPath(new URL("..", import.meta.url)));
});

afterAll(() => example.stop());

const pageNow = async (): Promise<string> => (await fetch(example.url)).text();

test("the server renders the values in force, and gives the browser the same to start from", async () => {
  await expect.poll(pageNow).toContain("<h1>Notice board</h1>");
  await example.set({ "board.title": "Open <today>" });
  await expect.poll(pageNow).toContain("<h1>Open &lt;today&gt;</h1>");
  const [, data = ""] = /<script type="application\/json" id="setpoint">(.*?)<\/script>/.exec(await pageNow()) ?? [];
  expect(JSON.parse(data)).toMatchObject({ values: { "board.title": "Open <today>" } });
});

test("the page holds no token", async () => {
  expect(await pageNow()).not.toContain(example.daemon.token);
});
