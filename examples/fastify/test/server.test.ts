import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runExample, type RunningExample } from "../../run-example.ts";

let example: RunningExample;

beforeAll(async () => {
  example = await runExample(fileURLToPath(new URL("..", import.meta.url)));
});

afterAll(() => example.stop());

const messageNow = async (): Promise<unknown> => ((await (await fetch(example.url)).json()) as { message: unknown }).message;

test("a changed value is in the next answer, without a restart", async () => {
  expect(await messageNow()).toBe("Hello");
  await example.set({ "hello.greeting": "Good morning", "hello.repeat": 2 });
  await expect.poll(messageNow).toBe("Good morning, Good morning");
});

test("a value outside the schema is refused and changes nothing", async () => {
  const before = await messageNow();
  await expect(example.set({ "hello.repeat": 6 })).rejects.toThrow("422");
  expect(await messageNow()).toBe(before);
});
