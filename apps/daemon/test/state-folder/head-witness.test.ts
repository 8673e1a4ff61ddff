import { contractEntry } from "@setpoint/testkit";
import { readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyHead } from "../../src/drivers/change-log/chain.ts";
import { createMemoryChangeLog } from "../../src/drivers/change-log/memory.ts";
import { checkHead, compareHead } from "../../src/drivers/state-folder/compare-head.ts";
import { openHeadWitness, readWitness } from "../../src/drivers/state-folder/head-witness.ts";
import type { Head } from "../../src/ports/change-log.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const head = (revision: number, digit = "a"): Head => ({ revision, hash: digit.repeat(64) });
const newPath = () => join(temporaryFolder(), "head");
const readable = (of: Head) => ({ state: "readable", head: of }) as const;

describe("the head file", () => {
  it("is absent before the first start, then says what was written last", () => {
    const path = newPath();
    expect(readWitness(path)).toEqual({ state: "absent" });
    const witness = openHeadWitness(path, emptyHead);
    expect(readWitness(path)).toEqual(readable(emptyHead));
    for (const revision of [9, 10, Number.MAX_SAFE_INTEGER]) {
      witness.write(head(revision));
      expect(readWitness(path)).toEqual(readable(head(revision)));
    }
    witness.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    openHeadWitness(path, head(11)).close();
    expect(readWitness(path)).toEqual(readable(head(11)));
  });

  it("is unreadable with any byte changed, cut or added", () => {
    const path = newPath();
    openHeadWitness(path, head(412)).close();
    const whole = readFileSync(path);
    for (const index of whole.keys()) {
      const flipped = Buffer.from(whole);
      flipped[index] = (flipped[index] as number) ^ 0x01;
      writeFileSync(path, flipped);
      expect([index, readWitness(path).state]).toEqual([index, "unreadable"]);
      writeFileSync(path, whole.subarray(0, index));
      expect([index, readWitness(path).state]).toEqual([index, "unreadable"]);
    }
    writeFileSync(path, Buffer.concat([whole, Buffer.from("x")]));
    expect(readWitness(path).state).toBe("unreadable");
    openHeadWitness(path, head(413)).close();
    expect(readWitness(path)).toEqual(readable(head(413)));
  });

  it("is not followed where it is a symbolic link", () => {
    const path = newPath();
    const target = newPath();
    openHeadWitness(target, head(1)).close();
    symlinkSync(target, path);
    expect(readWitness(path)).toMatchObject({ state: "unreadable", reason: expect.stringContaining("symbolic link") });
    expect(() => openHeadWitness(path, head(2))).toThrow(/ELOOP/);
    expect(readWitness(target)).toEqual(readable(head(1)));
  });
});

describe("log and head file", () => {
  it.each([
    ["first-start", emptyHead, { state: "absent" }, undefined],
    ["agrees", emptyHead, readable(emptyHead), undefined],
    ["agrees", head(5), readable(head(5)), head(5).hash],
    ["log-ahead", head(5), readable(head(3)), head(3).hash],
    ["log-ahead", head(5), readable(emptyHead), undefined],
    ["log-ahead", head(5), { state: "absent" }, undefined],
  ] as const)("%s: is fine", (state, log, witness, hash) => {
    expect(compareHead(log, witness, hash)).toEqual({ state });
  });

  it.each([
    ["log-missing", emptyHead, readable(head(7)), undefined, /had reached revision 7: this is not a first start/],
    [
      "log-behind",
      head(5),
      readable(head(7)),
      undefined,
      /ends at revision 5, but it had reached revision 7: 2 committed revisions are lost/,
    ],
    ["other-history", head(7, "b"), readable(head(7)), head(7, "b").hash, /another history/],
    ["other-history", head(9), readable(head(7)), head(7, "b").hash, /another history/],
    ["unreadable-witness", head(9), { state: "unreadable", reason: "It is damaged." }, undefined, /^It is damaged\. .*revision 9/],
    ["unreadable-witness", emptyHead, { state: "unreadable", reason: "It is damaged." }, undefined, /revision 0/],
  ] as const)("%s: is declared", (state, log, witness, hash, words) => {
    expect(compareHead(log, witness, hash)).toEqual({ state, declaration: expect.stringMatching(words) });
  });

  it("are compared at the revision that the file names", async () => {
    const log = createMemoryChangeLog();
    await log.append(emptyHead, [contractEntry(1, []), contractEntry(2, [])]);
    const [first] = await log.read(0, 1);
    expect(await checkHead(log, { state: "absent" })).toEqual({ state: "log-ahead" });
    expect(await checkHead(log, readable({ revision: 1, hash: first?.hash ?? "" }))).toEqual({ state: "log-ahead" });
    expect(await checkHead(log, readable(await log.head()))).toEqual({ state: "agrees" });
    expect(await checkHead(log, readable(head(1)))).toMatchObject({ state: "other-history" });
    expect(await checkHead(log, readable(head(3)))).toMatchObject({ state: "log-behind" });
    expect(await checkHead(createMemoryChangeLog(), readable(head(3)))).toMatchObject({ state: "log-missing" });
  });
});
