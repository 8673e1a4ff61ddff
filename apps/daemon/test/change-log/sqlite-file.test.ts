import { contractEntry, storedChange } from "@setpoint/testkit";
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { chainHash, emptyHead } from "../../src/drivers/change-log/chain.ts";
import { openSqliteChangeLog } from "../../src/drivers/change-log/sqlite.ts";
import { temporaryFolder } from "../state-folder/temporary-folder.ts";

const newPath = () => join(temporaryFolder(), "setpoint.db");

/** Makes a store with one record `a.b` that was changed twice. */
async function makeStore(path: string): Promise<void> {
  const log = await openSqliteChangeLog(path);
  const entries = [contractEntry(1, [storedChange("a.b", "first value")]), contractEntry(2, [storedChange("a.b", "second value")])];
  await log.append(await log.head(), entries);
  await log.close();
}

function withDatabase(path: string, use: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(path);
  use(database);
  database.close();
}

async function expectRefused(path: string, words: RegExp): Promise<void> {
  await expect(openSqliteChangeLog(path)).rejects.toMatchObject({ code: "store_unavailable", message: expect.stringMatching(words) });
}

describe("a store file", () => {
  it("keeps everything over closing and opening", async () => {
    const path = newPath();
    await makeStore(path);
    const log = await openSqliteChangeLog(path);
    const hash = chainHash(chainHash(emptyHead.hash, contractEntry(1, []).header), contractEntry(2, []).header);
    expect(await log.head()).toEqual({ revision: 2, hash });
    expect(await log.record(storedChange("a.b"), 1)).toMatchObject({ value: "first value" });
    expect((await log.append({ revision: 2, hash }, [contractEntry(3, [storedChange("a.b", 3)])])).state).toBe("committed");
    await log.close();
  });

  it("is its owner's alone, and one file once it is closed", async () => {
    const path = newPath();
    const log = await openSqliteChangeLog(path);
    await log.append(emptyHead, [contractEntry(1, [storedChange("a.b", 1)])]);
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o777).toBe(0o600);
    await log.close();
    expect(existsSync(`${path}-wal`)).toBe(false);
  });

  it("gives the write-ahead log its size at once", async () => {
    const path = newPath();
    const log = await openSqliteChangeLog(path, { walBytes: 1_000_000 });
    expect(statSync(`${path}-wal`).size).toBe(1_000_000);
    let head = await log.head();
    for (let revision = 1; revision <= 20; revision += 1) {
      ({ head } = await log.append(head, [contractEntry(revision, [storedChange("a.b", "x".repeat(200_000))])]));
    }
    expect(statSync(`${path}-wal`).size).toBeLessThan(1_500_000);
    expect(await log.record(storedChange("a.b"))).toMatchObject({ revision: 20 });
    await log.close();
  });

  it("declares a damaged change instead of serving it", async () => {
    const path = newPath();
    await makeStore(path);
    const log = await openSqliteChangeLog(path);
    withDatabase(path, (database) => database.exec("UPDATE changes SET after = replace(after, 'second', 'sacond') WHERE revision = 2"));
    const damaged = { code: "store_unavailable", message: expect.stringContaining("revision 2 is damaged") };
    await expect(log.record(storedChange("a.b"))).rejects.toMatchObject(damaged);
    await expect(log.records({})).rejects.toMatchObject(damaged);
    await expect(log.changes(2)).rejects.toMatchObject(damaged);
    await expect(log.read(0, 10)).rejects.toMatchObject(damaged);
    expect(await log.record(storedChange("a.b"), 1)).toMatchObject({ value: "first value" });
    await log.close();
  });

  it.each(["UPDATE keys SET key = 'a.c'", "UPDATE changes SET salt = '00'", "UPDATE changes SET after = NULL"])(
    "declares what %s does",
    async (sql) => {
      const path = newPath();
      await makeStore(path);
      withDatabase(path, (database) => database.exec(sql));
      const log = await openSqliteChangeLog(path);
      await expect(log.records({})).rejects.toMatchObject({ code: "store_unavailable" });
      await log.close();
    },
  );
});

describe("what is not a store is refused and left as it is:", () => {
  it("a text file", async () => {
    const path = newPath();
    writeFileSync(path, "hello: this is a note about nothing in particular\n");
    await expectRefused(path, /is not a SQLite database: its 50 bytes start with "hello: this is a".*nothing was changed/);
    expect(readFileSync(path, "utf8")).toMatch(/^hello/);
  });

  it("another application's database", async () => {
    const path = newPath();
    withDatabase(path, (database) => database.exec("CREATE TABLE songs (name TEXT)"));
    const before = readFileSync(path);
    await expectRefused(path, /another application/);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("a newer store", async () => {
    const path = newPath();
    await makeStore(path);
    withDatabase(path, (database) => database.exec("PRAGMA user_version = 999"));
    await expectRefused(path, /newer setpointd \(store version 999/);
  });

  it("a symbolic link", async () => {
    const path = newPath();
    await makeStore(`${path}.real`);
    symlinkSync(`${path}.real`, path);
    await expectRefused(path, /is a symbolic link/);
  });

  it("a folder", async () => {
    const path = newPath();
    mkdirSync(path);
    await expectRefused(path, /is not a plain file/);
  });

  it("a write-ahead log whose database is gone", async () => {
    const path = newPath();
    writeFileSync(`${path}-wal`, Buffer.alloc(4_096, 7));
    await expectRefused(path, /missing or empty, but .*-wal beside it holds 4096 bytes/);
    expect(statSync(`${path}-wal`).size).toBe(4_096);
    expect(existsSync(path)).toBe(false);
  });

  it("a path in a folder that is not there", async () => {
    await expectRefused(join(temporaryFolder(), "nowhere", "setpoint.db"), /cannot be opened/);
  });
});
