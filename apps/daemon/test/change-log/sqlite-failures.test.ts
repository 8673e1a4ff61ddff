import { contractEntry, storedChange } from "@setpoint/testkit";
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { emptyHead } from "../../src/drivers/change-log/chain.ts";
import { openSqliteChangeLog } from "../../src/drivers/change-log/sqlite.ts";
import type { SqliteSettings } from "../../src/drivers/change-log/sqlite-settings.ts";
import type { ChangeLog } from "../../src/ports/change-log.ts";
import { temporaryFolder } from "../state-folder/temporary-folder.ts";

const one = [contractEntry(1, [storedChange("a.b", 1), storedChange("a.c", 1)])];

async function open(options: Partial<SqliteSettings>, path = join(temporaryFolder(), "setpoint.db")): Promise<ChangeLog> {
  const log = await openSqliteChangeLog(path, options);
  onTestFinished(() => log.close());
  return log;
}

async function expectNothingWritten(log: ChangeLog): Promise<void> {
  expect(await log.head()).toEqual(emptyHead);
  expect(await log.records({})).toEqual([]);
}

describe("a failing append", () => {
  it.each(["beforeBegin", "beforeCommit"] as const)("%s: writes nothing, and the next one succeeds", async (point) => {
    const log = await open({ failpoints: { [point]: "throw" } });
    const seen: number[] = [];
    log.follow((head) => seen.push(head.revision));
    await expect(log.append(emptyHead, one)).rejects.toMatchObject({ code: "store_unavailable" });
    await expectNothingWritten(log);
    expect((await log.append(emptyHead, one)).state).toBe("committed");
    expect(await log.records({})).toHaveLength(2);
    expect(seen).toEqual([1]);
  });

  it("at COMMIT: is accepted when the group is found and proven durable", async () => {
    const log = await open({ failpoints: { afterCommit: "throw" } });
    const { state, head } = await log.append(emptyHead, one);
    expect([state, head.revision]).toEqual(["committed", 1]);
    expect(await log.head()).toEqual(head);
    expect((await log.append(head, [contractEntry(2, [storedChange("a.b", 2)])])).state).toBe("committed");
  });

  it("at COMMIT: has an unknown outcome while the group cannot be proven, and the store accepts nothing until it is", async () => {
    const path = join(temporaryFolder(), "setpoint.db");
    const log = await open({ failpoints: { afterCommit: "throw" }, busyTimeoutMs: 20 }, path);
    // A reader of an older state keeps the write-ahead log from being cut off.
    const reader = new DatabaseSync(path);
    reader.exec("BEGIN; SELECT count(*) FROM entries");
    await expect(log.append(emptyHead, one)).rejects.toMatchObject({ code: "outcome_unknown" });
    await expectNothingWritten(log);
    await expect(log.append(emptyHead, one)).rejects.toMatchObject({ code: "store_unavailable" });
    await expectNothingWritten(log);

    reader.close();
    const outcome = await log.append(emptyHead, one);
    expect([outcome.state, outcome.head.revision]).toEqual(["conflict", 1]);
    expect(await log.head()).toEqual(outcome.head);
    expect(await log.records({})).toHaveLength(2);
  });

  it.each([
    ["beforeBegin", 0],
    ["beforeCommit", 0],
    ["afterCommit", 1],
  ] as const)("whose thread dies %s: has an unknown outcome, and reads go on", async (point, revision) => {
    const log = await open({ failpoints: { [point]: "exit" } });
    const append = log.append(emptyHead, one);
    const read = log.records({});
    await expect(append).rejects.toMatchObject({ code: "outcome_unknown" });
    await expect(read).rejects.toMatchObject({ code: "store_unavailable" });
    const head = await log.head();
    expect(head.revision).toBe(revision);
    expect(await log.records({})).toHaveLength(revision * 2);
    expect((await log.append(head, [contractEntry(revision + 1, [storedChange("a.b", 2)])])).state).toBe("committed");
  });
});

describe("a store that cannot grow", () => {
  it("refuses what is too much, and goes on with what is not", async () => {
    const log = await open({ databaseBytesMax: 200_000 });
    const big = contractEntry(1, [storedChange("a.b", "x".repeat(250_000))]);
    await expect(log.append(emptyHead, [contractEntry(1, []), { ...big, revision: 2 }])).rejects.toMatchObject({ code: "store_full" });
    await expectNothingWritten(log);
    expect((await log.append(emptyHead, one)).state).toBe("committed");
  });

  it("refuses on a full disk, reads on, and accepts again once there is room", async (context) => {
    const folder = join(temporaryFolder(), "small");
    mkdirSync(folder);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", folder], { stdio: "ignore" });
    } catch {
      context.skip("only root can make a small disk");
    }
    onTestFinished(() => void execFileSync("umount", [folder]));
    const log = await openSqliteChangeLog(join(folder, "setpoint.db"), { walBytes: 100_000 });
    onTestFinished(() => log.close());
    writeFileSync(join(folder, "ballast"), Buffer.alloc(400_000));

    let head = await log.head();
    const fault = await fillUp();
    expect(fault).toMatchObject({ code: "store_full" });
    expect(await log.head()).toEqual(head);
    expect(await log.record(storedChange("a.b"))).toMatchObject({ revision: head.revision });
    await expect(append()).rejects.toMatchObject({ code: "store_full" });

    rmSync(join(folder, "ballast"));
    expect((await append()).state).toBe("committed");

    function append() {
      return log.append(head, [contractEntry(head.revision + 1, [storedChange("a.b", "x".repeat(20_000))])]);
    }

    async function fillUp(): Promise<unknown> {
      for (let count = 0; count < 100; count += 1) {
        try {
          ({ head } = await append());
        } catch (error) {
          return error;
        }
      }
      return undefined;
    }
  });
});
