import { join } from "node:path";
import { type BatchChange, clientBatchLimits, type Principal, resolveKey } from "@setpoint/core";
import { expect, it, onTestFinished } from "vitest";
import { createSystemChance } from "../../src/drivers/chance/system.ts";
import { openSqliteChangeLog } from "../../src/drivers/change-log/sqlite.ts";
import type { Failpoints } from "../../src/drivers/change-log/sqlite-settings.ts";
import { systemClock } from "../../src/drivers/clock/system.ts";
import { Committer, type CommitOutcome } from "../../src/engine/commit.ts";
import { View } from "../../src/engine/view.ts";
import type { ChangeLog } from "../../src/ports/change-log.ts";
import { temporaryFolder } from "../state-folder/temporary-folder.ts";

const system: Principal = { kind: "system", id: "system", name: "system" };

interface Engine {
  readonly log: ChangeLog;
  readonly view: View;
  readonly committer: Committer;
  commit(changes: readonly BatchChange[]): Promise<CommitOutcome>;
}

/** The engine over a real store that holds one environment and one schema, the store's next append failing as told. */
async function engine(failpoints?: Failpoints): Promise<Engine> {
  const path = join(temporaryFolder(), "setpoint.db");
  const first = await open(path);
  const done = await first.commit([
    { kind: "environment", key: "dev", value: {} },
    {
      kind: "schema",
      key: "shop",
      value: { type: "object", properties: { stock: { type: "integer", maximum: 100 }, name: { type: "string" } } },
    },
  ]);
  expect(done.ok).toBe(true);
  await first.log.close();
  const opened = await open(path, failpoints);
  onTestFinished(() => opened.log.close());
  return opened;
}

async function open(path: string, failpoints?: Failpoints): Promise<Engine> {
  const log = await openSqliteChangeLog(path, failpoints ? { failpoints } : {});
  const view = new View(await log.head(), new Date(0).toISOString(), await log.records({}));
  const committer = new Committer({ log, view, clock: systemClock, chance: createSystemChance(), lastAt: 0 });
  const commit = (changes: readonly BatchChange[]) =>
    committer.commit({
      principal: system,
      origin: "test",
      limits: clientBatchLimits,
      batch: () => ({ ok: true, changes }),
      answer: (after) => ({ value: resolveKey(after, "dev", "shop.stock")?.value ?? null }),
    });
  return { log, view, committer, commit };
}

const stock = (value: number, ifVersion?: number): BatchChange => ({
  kind: "value",
  environment: "dev",
  key: "shop.stock",
  value,
  ...(ifVersion !== undefined && { ifVersion }),
});

it("plans a batch against those before it, and answers each with the state right after it", async () => {
  const { commit, view } = await engine();
  const answers = await Promise.all([commit([stock(1)]), commit([stock(2, 2)]), commit([stock(3, 2)]), commit([stock(4)])]);
  expect(answers).toMatchObject([
    { ok: true, body: { revision: 2, value: 1 } },
    { ok: true, body: { revision: 3, value: 2 } },
    { ok: false, refusal: { code: "version_mismatch", current: { value: 2, version: 3 } } },
    { ok: true, body: { revision: 4, value: 4 } },
  ]);
  expect(view.head.revision).toBe(4);
});

it("gives no answer that rests on a batch that did not become durable: what was planned after it is planned again", async () => {
  const { commit, view, log } = await engine({ beforeCommit: "throw" });
  // The first goes alone and fails; the others wait and were planned as if it had succeeded.
  const failing = commit([stock(1)]);
  const stale = commit([stock(2, 2)]);
  const refusedOnlyThen = commit([{ ...stock(3), ifAbsent: true }]);
  const next = commit([stock(4)]);
  await expect(failing).rejects.toMatchObject({ code: "store_unavailable" });
  expect(await stale).toMatchObject({ ok: false, refusal: { code: "version_mismatch", current: { version: 0 } } });
  expect(await refusedOnlyThen).toMatchObject({ ok: true, body: { revision: 2, value: 3 } });
  expect(await next).toMatchObject({ ok: true, body: { revision: 3, value: 4 } });
  expect(view.head).toEqual(await log.head());
  expect(await log.read(0, 10)).toHaveLength(3);
});

it("accepts a group whose COMMIT failed and that was proven durable", async () => {
  const { commit, view, log } = await engine({ afterCommit: "throw" });
  expect(await commit([stock(1)])).toMatchObject({ ok: true, body: { revision: 2, value: 1 } });
  expect(view.head).toEqual(await log.head());
});

it("takes in what became durable although its outcome was not known, and goes on", async () => {
  const { commit, view, log } = await engine({ afterCommit: "exit" });
  await expect(commit([stock(1)])).rejects.toMatchObject({ code: "outcome_unknown" });
  expect(view.head.revision).toBe(1);
  const [second, third] = await Promise.all([commit([stock(2)]), commit([stock(3)])]);
  expect([second, third]).toMatchObject([
    { ok: true, body: { revision: 3 } },
    { ok: true, body: { revision: 4 } },
  ]);
  expect(view.head).toEqual(await log.head());
  expect((await log.read(0, 10)).map(({ revision }) => revision)).toEqual([1, 2, 3, 4]);
});

it("answers a repeated request whose outcome was not known only when the view shows it", async () => {
  const { committer, commit, view, log } = await engine({ afterCommit: "exit" });
  const told: unknown[] = [];
  view.follow(({ commit: { plan } }) => told.push(plan.changes.map(({ key, before, after }) => [key, before, after])));
  const request = {
    principal: system,
    origin: "test",
    limits: clientBatchLimits,
    batch: () => ({ ok: true as const, changes: [stock(7)] }),
    answer: () => ({ value: 7 }),
    idempotency: { key: "once", request: "same" },
  };
  await expect(committer.commit(request)).rejects.toMatchObject({ code: "outcome_unknown" });
  const others = [commit([{ kind: "value", environment: "dev", key: "shop.name", value: "a" }]), commit([stock(101)])];
  expect(await committer.commit(request)).toMatchObject({ ok: true, replayed: true, body: { revision: 2, value: 7 } });
  expect(resolveKey(view.records, "dev", "shop.stock")?.value).toBe(7);
  expect(await Promise.all(others)).toMatchObject([{ ok: true, body: { revision: 3 } }, { ok: false }]);
  expect(told).toEqual([[["shop.stock", undefined, 7]], [["shop.name", undefined, "a"]]]);
  expect(await commit([stock(8, 2)])).toMatchObject({ ok: true, body: { revision: 4, value: 8 } });
  expect(view.head).toEqual(await log.head());
});

it("lets a request that fails while it is planned cost no other request anything", async () => {
  const { committer, commit, view, log } = await engine();
  const failing = committer.commit({
    principal: system,
    origin: "test",
    limits: clientBatchLimits,
    batch: () => ({ ok: true, changes: [stock(50)] }),
    answer: () => {
      throw new Error("no answer can be built");
    },
  });
  const next = commit([stock(51)]);
  await expect(failing).rejects.toThrow("no answer can be built");
  expect(await next).toMatchObject({ ok: true, body: { revision: 2, value: 51 } });
  expect(await commit([stock(52, 2)])).toMatchObject({ ok: true, body: { revision: 3 } });
  expect(view.head).toEqual(await log.head());
});

it("tells followers of each commit of a group in order, with the view of that moment", async () => {
  const { commit, view } = await engine();
  const seen: unknown[] = [];
  view.follow(({ commit: { head } }) => seen.push([head.revision, resolveKey(view.records, "dev", "shop.stock")?.value]));
  await Promise.all([1, 2, 3, 4, 5].map((value) => commit([stock(value)])));
  expect(seen).toEqual([1, 2, 3, 4, 5].map((value) => [value + 1, value]));
});

it("keeps the environment's hash equal to one computed from nothing, through value, schema and tree changes", async () => {
  const { commit, view, log } = await engine();
  view.environment("dev");
  const steps: BatchChange[][] = [
    [stock(5), { kind: "value", environment: "dev", key: "shop.name", value: "a" }],
    [{ kind: "flag", environment: "dev", key: "new look", value: { state: "ENABLED", variants: { on: true } } }],
    [{ kind: "value", environment: "dev", key: "shop.name" }],
    [
      {
        kind: "schema",
        key: "shop",
        value: { type: "object", properties: { stock: { type: "integer" }, name: { type: "string", default: "z" } } },
      },
    ],
    [
      { kind: "environment", key: "eu", value: { parent: "dev" } },
      { kind: "segment", environment: "dev", key: "staff", value: {} },
    ],
    [stock(6)],
  ];
  for (const step of steps) {
    expect((await commit(step)).ok).toBe(true);
    for (const environment of ["dev", "eu"]) {
      const fresh = new View(view.head, view.at, await log.records({}));
      const [kept, computed] = [view, fresh].map((each) => each.environment(environment));
      expect(kept?.hash("server", undefined)).toBe(computed?.hash("server", undefined));
      expect(Object.fromEntries(kept?.values ?? [])).toEqual(Object.fromEntries(computed?.values ?? []));
    }
  }
});
