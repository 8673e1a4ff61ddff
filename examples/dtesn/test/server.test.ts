import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runExample, type RunningExample } from "../../run-example.ts";

let example: RunningExample;

beforeAll(async () => {
  example = await runExample(fileURLToPath(new URL("..", import.meta.url)));
});

afterAll(() => example.stop());

const read = async (path: string): Promise<Record<string, unknown>> =>
  (await (await fetch(`${example.url}${path}`)).json()) as Record<string, unknown>;
const respondTo = async (signal: readonly number[]): Promise<Record<string, unknown>> => {
  const response = await fetch(`${example.url}/process`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ signal }),
  });
  return (await response.json()) as Record<string, unknown>;
};

test("the six parameters have their documented defaults", async () => {
  expect(await read("/config")).toEqual({
    max_membrane_depth: 4,
    esn_reservoir_size: 512,
    bseries_max_order: 8,
    enable_caching: true,
    cache_ttl_seconds: 300,
    enable_performance_monitoring: true,
  });
});

test("a critical parameter builds another reservoir, once per commit, in the same process", async () => {
  const before = await read("/state");
  expect(await respondTo([0.5, -0.5])).toMatchObject({ activity: expect.objectContaining({ length: 4 }) });
  await example.set({ "dtesn.max_membrane_depth": 8, "dtesn.esn_reservoir_size": 1_024, "dtesn.bseries_max_order": 4 });
  await expect.poll(() => read("/state")).toMatchObject({ reservoir: { size: 1_024, depth: 8, order: 4 } });
  expect(await read("/state")).toMatchObject({ generation: Number(before["generation"]) + 1, cached_answers: 0 });
  expect(await respondTo([0.5, -0.5])).toMatchObject({ activity: expect.objectContaining({ length: 8 }), cached: false });
});

describe("the other parameters apply as they are, without another reservoir", () => {
  test("caching", async () => {
    const { generation } = await read("/state");
    await respondTo([1, 0, 1]);
    expect(await respondTo([1, 0, 1])).toMatchObject({ cached: true });
    await example.set({ "dtesn.enable_caching": false });
    await expect.poll(() => respondTo([1, 0, 1])).toMatchObject({ cached: false });
    expect(await read("/state")).toMatchObject({ generation, cached_answers: 0 });
  });

  test("monitoring", async () => {
    const { generation } = await read("/state");
    expect(await respondTo([0.25])).toHaveProperty("duration_ms");
    await example.set({ "dtesn.enable_performance_monitoring": false });
    await expect.poll(() => respondTo([0.25])).not.toHaveProperty("duration_ms");
    expect(await read("/state")).toMatchObject({ generation, performance: null });
  });
});

test.each<[string, unknown]>([
  ["max_membrane_depth", 65],
  ["max_membrane_depth", 0],
  ["esn_reservoir_size", 63],
  ["esn_reservoir_size", 16_385],
  ["bseries_max_order", 33],
  ["bseries_max_order", 1.5],
  ["cache_ttl_seconds", 86_401],
  ["enable_caching", "yes"],
])("%s may not be %j", async (parameter, value) => {
  const before = await read("/config");
  await expect(example.set({ [`dtesn.${parameter}`]: value })).rejects.toThrow("422");
  expect(await read("/config")).toEqual(before);
});

test("a signal that is none is refused", async () => {
  expect(await respondTo([2])).toMatchObject({ statusCode: 400 });
});
