import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { contractEntry } from "@setpoint/testkit";
import { expect, it } from "vitest";
import { openSqliteChangeLog } from "../../src/drivers/change-log/sqlite.ts";
import { watchAppends } from "../../src/features/health/watch-appends.ts";
import { serve } from "../serve.ts";

it("says while the store cannot be written, and no longer", async () => {
  const daemon = await serve();
  const health = async () => (await daemon.get("/readyz")).json;
  expect(await health()).toMatchObject({ status: "ok", problems: [] });
  const other = new DatabaseSync(join(daemon.folder, "state", "setpoint.db"));
  other.exec("BEGIN IMMEDIATE");
  expect(await daemon.put("shop.maxItems", 20)).toMatchObject({ status: 503, json: { code: "store_unavailable" } });
  expect(await health()).toMatchObject({
    status: "degraded",
    problems: [{ code: "store_unavailable", detail: expect.stringContaining("locked") }],
  });
  expect((await daemon.put("shop.maxItems", 1_000)).status).toBe(422);
  expect((await health()).status).toBe("degraded");
  other.close();
  expect((await daemon.put("shop.maxItems", 20)).status).toBe(200);
  expect(await health()).toMatchObject({ status: "ok", problems: [] });
  await daemon.stop();
});

it("tells a full store from one that fails, and a batch that is refused from both", async () => {
  const folder = await mkdtemp(join(tmpdir(), "setpoint-health-"));
  const { log, problem } = watchAppends(await openSqliteChangeLog(join(folder, "setpoint.db"), { databaseBytesMax: 200_000 }));
  const head = await log.head();
  const large = contractEntry(1, [], { content: JSON.stringify({ comment: "x".repeat(400_000) }) });
  await expect(log.append(head, [large])).rejects.toMatchObject({ code: "store_full" });
  expect(problem()).toMatchObject({ code: "store_full" });
  const idempotency = { principal: "p", key: "k" };
  const { head: next } = await log.append(head, [contractEntry(1, [], { idempotency })]);
  expect(problem()).toBeUndefined();
  await expect(log.append(next, [contractEntry(2, [], { idempotency })])).rejects.toMatchObject({ code: "conflicting_change" });
  expect(problem()).toBeUndefined();
  await log.close();
  await rm(folder, { recursive: true, force: true });
});
