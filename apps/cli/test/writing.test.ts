import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jsonOf, openShop, type Shop } from "./setpoint-process.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});

afterAll(() => shop.close());

const valueOf = async (key: string, environment = "dev") => jsonOf(await shop.run(["get", key, "-e", environment]))["value"];
const headOf = async () => jsonOf<{ health: { revision: number } }>(await shop.run(["status"])).health.revision;

describe("set", () => {
  test("stores a value and answers with the revision; text says how to undo it", async () => {
    const stored = await shop.run(["set", "shop.maxItems", "20", "-m", "why"]);
    expect(stored).toMatchObject({ code: 0, stderr: "" });
    expect(jsonOf(stored)).toMatchObject({
      revision: expect.any(Number),
      changes: [{ environment: "dev", key: "shop.maxItems", after: 20 }],
    });
    expect(await valueOf("shop.maxItems")).toBe(20);
    expect((await shop.run(["set", "shop.maxItems", "21", "--plain"])).stdout).toBe("dev\tshop.maxItems\t20\t21\n");
  });

  test("takes a word as text where the schema wants text", async () => {
    await shop.run(["set", "shop.banner", "25"]);
    expect(await valueOf("shop.banner")).toBe("25");
    await shop.run(["set", "shop.banner", "true story"]);
    expect(await valueOf("shop.banner")).toBe("true story");
    await shop.run(["set", "shop.banner", '"quoted"', "--string"]);
    expect(await valueOf("shop.banner")).toBe('"quoted"');
  });

  test("takes several pairs as one revision, all or none", async () => {
    const before = await headOf();
    const both = jsonOf(await shop.run(["set", "shop.maxItems=30", "shop.banner=a=b"]));
    expect(both["revision"]).toBe(before + 1);
    expect(await valueOf("shop.banner")).toBe("a=b");
    const refused = await shop.run(["set", "shop.maxItems=31", "shop.isOpen=7"]);
    expect(refused.code).toBe(6);
    expect(await valueOf("shop.maxItems")).toBe(30);
  });

  test("reads a value from standard input", async () => {
    await shop.run(["set", "shop.limits", "-"], { input: '{"perUser": 3}\n' });
    expect(await valueOf("shop.limits")).toEqual({ perUser: 3 });
    await shop.run(["set", "shop.banner=-"], { input: "two\nlines\n" });
    expect(await valueOf("shop.banner")).toBe("two\nlines");
  });

  test("a refused value says what was given and the command that would do", async () => {
    const tooMany = await shop.run(["set", "shop.maxItems", "2000"]);
    expect(tooMany).toMatchObject({ code: 6, stdout: "" });
    expect(tooMany.stderr).toMatch(/shop\.maxItems in dev: .*between 1 and 100/);
    expect(tooMany.stderr).toMatch(/given +2000/);
    expect(tooMany.stderr).toContain("setpoint set shop.maxItems 100");
    expect(tooMany.stderr).not.toMatch(/\bat .*\.(js|ts)/);
    const negative = await shop.run(["set", "shop.maxItems", "-5"]);
    expect(negative.code).toBe(6);
    const notJson = await shop.run(["set", "shop.isOpen", "fals"]);
    expect(notJson.code).toBe(6);
    expect(notJson.stderr).toContain("setpoint set shop.isOpen false");
    const unknown = await shop.run(["set", "shop.maxItem", "3"]);
    expect(unknown.code).toBe(6);
    expect(unknown.stderr).toContain("setpoint set shop.maxItems 3");
  });

  test("what is offered to try is a command that would do, or nothing", async () => {
    const tryOf = async (...words: string[]) => /^ +try +(.*)$/m.exec((await shop.run(["set", ...words])).stderr)?.[1];
    expect(await tryOf("shp.maxItems", "3"), "only the namespace is wrong").toBe("setpoint set shop.maxItems 3");
    expect(await tryOf("shp.nope", "3"), "not a key there either").toBeUndefined();
    expect(await tryOf("shop.fees", '[{"region":"X","fee":-5}]'), "a bound inside the value").toBeUndefined();
    expect(await tryOf("shop.maxItems", "--", "-1")).toBe("setpoint set shop.maxItems -- 1");
    expect(await tryOf("shop.maxItems", "-e", "dev", "2000")).toBe("setpoint set shop.maxItems -e dev 100");
    expect(await tryOf("shop.maxItems", "2000", "-m", "2000"), "which of the two is the value?").toBeUndefined();
    expect(await tryOf("shop.maxItems=2000", "shop.isOpen=maybe"), "half of it would do").toBeUndefined();
    expect(await tryOf("shop.maxItems=2000", "shop.isOpen=no")).toBe("setpoint set shop.maxItems=100 shop.isOpen=false");
    expect(await tryOf("shop.maxItms=3", "shop.isOpen=true")).toBe("setpoint set shop.maxItems=3 shop.isOpen=true");
  });

  test.each([
    ["shop.isOpen", "yes", "must be true or false", "try       setpoint set shop.isOpen true"],
    ["shop.isOpen", "Off", "must be true or false", "try       setpoint set shop.isOpen false"],
    ["shop.isOpen", "1", "must be true or false", "try       setpoint set shop.isOpen true"],
    ["shop.isOpen", "maybe", "must be true or false", undefined],
    ["shop.maxItems", "many", "must be an integer between 1 and 100", undefined],
  ])("%s %s: says what it must be, and what to try where that is certain", async (key, text, words, hint) => {
    const refused = await shop.run(["set", key, text]);
    expect(refused).toMatchObject({ code: 6, stdout: "" });
    expect(refused.stderr).toContain(`${key} in dev: ${words}\n`);
    if (hint === undefined) expect(refused.stderr).not.toMatch(/^ +try /m);
    else expect(refused.stderr).toContain(`${hint}\n`);
  });

  test("where JSON is wanted, its shape is shown", async () => {
    const refused = await shop.run(["set", "shop.fees", "region=X,fee=3", "--dry-run"]);
    expect(refused.code).toBe(6);
    expect(refused.stderr).toContain("shop.fees takes a JSON array, and this is not JSON");
    const [, example = ""] = /such as +'(.*)'/.exec(refused.stderr) ?? [];
    expect(JSON.parse(example)).toEqual([{ region: "text", fee: 0 }]);
    expect((await shop.run(["set", "shop.fees", example, "--dry-run"])).code, "what is shown would do").toBe(0);
    expect((await shop.run(["set", "shop.limits", "{perUser: 3}"])).stderr).toMatch(/takes a JSON object[^]*such as +'\{\}'/);
  });

  test("with --json an error is JSON with the code and every finding", async () => {
    const refused = await shop.run(["set", "shop.maxItems", "2000", "--json"]);
    expect(JSON.parse(refused.stderr)).toMatchObject({
      error: { code: "validation_failed", exitCode: 6, issues: [{ key: "shop.maxItems", code: "constraint_violation" }] },
    });
  });

  test("--if-version is held to", async () => {
    const { version } = jsonOf<{ version: number }>(await shop.run(["get", "shop.maxItems"]));
    expect((await shop.run(["set", "shop.maxItems", "40", "--if-version", String(version + 1)])).code).toBe(5);
    expect((await shop.run(["set", "shop.maxItems", "40", "--if-version", String(version)])).code).toBe(0);
    expect((await shop.run(["set", "shop.maxItems=1", "shop.banner=2", "--if-version", "1"])).code).toBe(2);
  });

  test("--dry-run shows the effect on every environment and writes nothing", async () => {
    const before = await headOf();
    const dry = await shop.run(["set", "-e", "base", "shop.isOpen", "false", "--dry-run"]);
    expect(dry.code).toBe(0);
    const { valid, effective } = jsonOf<{ valid: boolean; effective: { environment: string }[] }>(dry);
    expect(valid).toBe(true);
    expect(effective.map(({ environment }) => environment).toSorted()).toEqual(["base", "dev", "production"]);
    expect((await shop.run(["set", "shop.maxItems", "2000", "--dry-run"])).code).toBe(6);
    expect(await headOf()).toBe(before);
  });

  test.each([
    ["no value", ["set", "shop.maxItems"]],
    ["two values", ["set", "shop.maxItems", "1", "2"]],
    ["half a pair", ["set", "shop.maxItems=1", "shop.isOpen"]],
    ["an unknown option", ["set", "shop.maxItems", "1", "--sure"]],
  ])("%s is a usage error", async (_, words) => {
    expect(await shop.run(words)).toMatchObject({ code: 2, stdout: "" });
  });
});

describe("production", () => {
  test("off a terminal it needs --yes, and says so", async () => {
    const before = await headOf();
    const asked = await shop.run(["set", "-e", "production", "shop.maxItems", "5"]);
    expect(asked).toMatchObject({ code: 4, stdout: "" });
    expect(asked.stderr).toContain("--yes");
    expect(await headOf()).toBe(before);
    expect((await shop.run(["set", "-e", "production", "shop.maxItems", "5", "--yes"])).code).toBe(0);
    expect(await valueOf("shop.maxItems", "production")).toBe(5);
  });

  test("a change that production inherits counts, one that it overrides does not", async () => {
    expect((await shop.run(["set", "-e", "base", "shop.isOpen", "false"])).code).toBe(4);
    expect((await shop.run(["set", "-e", "base", "shop.maxItems", "50"])).code).toBe(0);
  });

  test("so does a rollback and an unset", async () => {
    expect((await shop.run(["rollback", "1"])).code).toBe(4);
    expect((await shop.run(["unset", "shop.maxItems", "-e", "production"])).code).toBe(4);
  });
});

test("unset lets what lies below show through", async () => {
  await shop.run(["set", "shop.banner", "mine"]);
  const unset = await shop.run(["unset", "shop.banner"]);
  expect(jsonOf(unset)).toMatchObject({ changes: [{ key: "shop.banner", before: "mine" }] });
  expect(await valueOf("shop.banner")).toBe("hi");
});

describe("rollback", () => {
  test("undoes one revision, and nothing else", async () => {
    await shop.run(["set", "shop.maxItems", "60"]);
    const { revision } = jsonOf<{ revision: number }>(await shop.run(["set", "shop.maxItems", "70"]));
    await shop.run(["set", "shop.banner", "later"]);
    expect((await shop.run(["rollback", "--revert", String(revision)])).code).toBe(0);
    expect(await valueOf("shop.maxItems")).toBe(60);
    expect(await valueOf("shop.banner")).toBe("later");
    expect((await shop.run(["rollback", "--revert", String(revision)])).code, "it was changed since").toBe(5);
  });

  test("goes back to a revision, in one environment or in all; a dry run does not", async () => {
    const start = await headOf();
    await shop.run(["set", "shop.maxItems=80", "shop.banner=gone"]);
    const head = await headOf();
    expect(jsonOf<{ effective: unknown[] }>(await shop.run(["rollback", String(start), "--dry-run"])).effective).toHaveLength(2);
    expect(await headOf()).toBe(head);
    expect((await shop.run(["rollback", "--to", String(start), "-e", "dev", "-m", "sorry"])).code).toBe(0);
    expect(await valueOf("shop.banner")).toBe("later");
    expect(jsonOf<{ revisions: { comment: string }[] }>(await shop.run(["history", "-n", "1"])).revisions[0]?.comment).toBe("sorry");
  });

  test("back to where it is leaves no revision behind", async () => {
    const head = await headOf();
    expect(jsonOf(await shop.run(["rollback", String(head)]))).toMatchObject({ revision: head, changes: [] });
    expect(await headOf()).toBe(head);
  });

  test("a variable of the shell does not narrow it", async () => {
    const start = await headOf();
    await shop.run(["set", "shop.maxItems", "90"]);
    await shop.run(["rollback", String(start)], { env: { SETPOINT_ENVIRONMENT: "base" } });
    expect(await valueOf("shop.maxItems")).toBe(60);
  });

  test("needs exactly one target", async () => {
    expect((await shop.run(["rollback"])).code).toBe(2);
    expect((await shop.run(["rollback", "1", "--revert", "2"])).code).toBe(2);
    expect((await shop.run(["rollback", "99999"])).code).toBe(7);
  });

  test("says in its own words what is no revision, what came before all, and what cannot be undone", async () => {
    const word = await shop.run(["rollback", "abc"]);
    expect(word).toMatchObject({ code: 2, stdout: "" });
    expect(word.stderr).toContain('"abc" is not a revision.');
    expect(word.stderr).not.toContain("snapshot");
    const early = await shop.run(["rollback", "--to", "2h"]);
    expect(early.code).toBe(7);
    expect(early.stderr).toMatch(/2h ago there was nothing yet: the first revision, 1, was made .*Z\)\.\n/);
    expect((await shop.run(["rollback", "0"])).stderr).toContain("At revision 0 there was nothing yet");
    const first = await shop.run(["rollback", "--revert", "1"]);
    expect(first).toMatchObject({ code: 2, stdout: "" });
    expect(first.stderr).toContain("Revision 1 made the environments and cannot be undone.");
  });
});

test("a sensitive key is refused without a word of the value", async () => {
  const secret = "hunter2-hunter2";
  const refused = await shop.run(["set", "shop.apiKey", "-"], { input: secret });
  expect(refused.code).toBe(4);
  expect(refused.stdout + refused.stderr).not.toContain(secret);
});
