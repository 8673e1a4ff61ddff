import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { serve, type Served } from "../serve.ts";

let daemon: Served;
beforeAll(async () => {
  daemon = await serve();
  // More entries than are held at once.
  for (let index = 0; index < 220; index += 1) await daemon.put("shop.maxItems", (index % 100) + 1, index % 50 === 0 ? "staging" : "dev");
});
afterAll(() => daemon.stop());

const revisionsOf = async (query: string): Promise<{ revisions: number[]; next?: number }> => {
  const { revisions, next } = (await daemon.get(`/v1/revisions${query}`)).json as { revisions: { revision: number }[]; next?: number };
  return { revisions: revisions.map(({ revision }) => revision), ...(next !== undefined && { next }) };
};

it("the history is listed in pages, with and without a filter, however few entries are held at once", async () => {
  const all = Array.from({ length: 221 }, (_, index) => index + 1);
  expect(await revisionsOf("?limit=1000")).toEqual({ revisions: all });
  expect(await revisionsOf("?limit=221")).toEqual({ revisions: all });
  expect(await revisionsOf("?limit=220")).toEqual({ revisions: all.slice(0, 220), next: 220 });
  expect(await revisionsOf("?limit=1")).toEqual({ revisions: [1], next: 1 });
  expect(await revisionsOf("?environment=staging&limit=1000")).toEqual({ revisions: [2, 52, 102, 152, 202] });
  expect(await revisionsOf("?environment=staging&limit=4")).toEqual({ revisions: [2, 52, 102, 152], next: 152 });
});

it("the history is listed without reading any value", async () => {
  const database = new DatabaseSync(join(daemon.folder, "state", "setpoint.db"));
  // A value that is read is found to be damaged.
  database.exec("UPDATE changes SET after = '77' WHERE revision = 3");
  database.close();
  expect((await daemon.get("/v1/revisions/3")).json.code).toBe("store_unavailable");
  for (const query of ["?limit=1", "?limit=1000", "?by=system", "?key=shop.maxItems"]) {
    expect((await daemon.get(`/v1/revisions${query}`)).status).toBe(200);
  }
  expect((await daemon.get("/v1/diff?from=3-0000000000000000")).json.code).toBe("revision_not_found");
});
