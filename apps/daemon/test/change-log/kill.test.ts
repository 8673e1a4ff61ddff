import { spawn } from "node:child_process";
import { once } from "node:events";
import { randomInt } from "node:crypto";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { expect, it } from "vitest";
import { chainHash, emptyHead } from "../../src/drivers/change-log/chain.ts";
import { openSqliteChangeLog } from "../../src/drivers/change-log/sqlite.ts";
import { checkHead } from "../../src/drivers/state-folder/compare-head.ts";
import { readWitness } from "../../src/drivers/state-folder/head-witness.ts";
import type { ChangeLog, Head } from "../../src/ports/change-log.ts";
import { temporaryFolder } from "../state-folder/temporary-folder.ts";
import { groupEntries, scenarioKeys } from "./kill-scenario.ts";

const kills = 15;
const acknowledgedMin = 2_000;

it(`loses nothing that was acknowledged over ${kills} kills`, { timeout: 120_000 }, async () => {
  const folder = temporaryFolder();
  const database = join(folder, "setpoint.db");
  const witness = join(folder, "head");
  const copy = join(temporaryFolder(), "setpoint.db");
  let verified: Head = emptyHead;
  for (let kill = 1; kill <= kills; kill += 1) {
    const acknowledged = await appendUntilKilled(database, witness);
    // A copy, so that the next process finds the files as the killed one left them.
    for (const suffix of ["", "-wal"]) copyFileSync(database + suffix, copy + suffix);
    const log = await openSqliteChangeLog(copy);
    const head = await log.head();
    expect(head.revision).toBeGreaterThanOrEqual(acknowledged);
    expect(head.revision % groupEntries).toBe(0);
    expect(["agrees", "log-ahead"]).toContain((await checkHead(log, readWitness(witness))).state);
    await expectWholeEntries(log, verified, head);
    verified = head;
    await log.close();
  }
  expect(verified.revision).toBeGreaterThanOrEqual(acknowledgedMin);
});

/** Starts a process that appends, and kills it at some moment; returns the last revision that it acknowledged. */
async function appendUntilKilled(...paths: string[]): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "appending-process.ts"), ...paths], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface(child.stdout);
  const exited = once(child, "exit");
  const groups = randomInt(60, 120);
  let acknowledged = 0;
  let count = 0;
  for await (const line of lines) {
    acknowledged = Number(line);
    count += 1;
    // A little chance, so that the kill does not always follow an acknowledgement.
    if (count === groups) void pause(randomInt(4)).then(() => child.kill("SIGKILL"));
  }
  await exited;
  expect(count).toBeGreaterThanOrEqual(groups);
  return acknowledged;
}

/** Every entry above `from` is chained onto the one before it and set all keys. */
async function expectWholeEntries(log: ChangeLog, from: Head, to: Head): Promise<void> {
  const entries = await log.read(from.revision, to.revision);
  let { revision, hash } = from;
  for (const entry of entries) {
    revision += 1;
    hash = chainHash(hash, entry.header);
    expect([entry.revision, entry.hash, entry.header]).toEqual([revision, hash, `{"revision":${revision}}`]);
    expect(entry.changes.map((change) => [change.key, (change.after as { revision: number }).revision])).toEqual(
      scenarioKeys.map((key) => [key, revision]),
    );
  }
  expect({ revision, hash }).toEqual(to);
  const records = await log.records({ keyPrefix: "a" });
  expect(records.map((record) => record.revision)).toEqual(scenarioKeys.map(() => to.revision));
}
