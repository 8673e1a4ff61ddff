import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasTerminal, jsonOf, openShop, type Shop, startOnTerminal } from "./setpoint-process.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});

afterAll(() => shop.close());

describe.skipIf(!hasTerminal)("on a terminal", () => {
  const on = (words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    startOnTerminal(words, { env: { ...shop.env, ...env } });
  const colour = "\u001b[";

  test("results are text in colour, and JSON when asked for", async () => {
    const { stdout } = await on(["get"]).ended;
    expect(stdout).toContain(colour);
    expect(stripVTControlCharacters(stdout)).toMatch(/^shop\.maxItems +10\r?$/m);
    expect(jsonOf({ ...(await on(["get", "--json"]).ended) })).toMatchObject({ environment: "dev" });
  });

  test.each([
    ["NO_COLOR", [], { NO_COLOR: "1" }],
    ["TERM=dumb", [], { TERM: "dumb" }],
    ["--no-color", ["--no-color"], {}],
    ["--plain", ["--plain"], {}],
  ])("%s takes the colour away", async (_, words, env) => {
    expect((await on(["get", ...words], env as Record<string, string>).ended).stdout).not.toContain(colour);
  });

  test("a change says what it did and how to undo it", async () => {
    const { stdout, code } = await on(["set", "shop.maxItems", "20"]).ended;
    expect(code).toBe(0);
    expect(stripVTControlCharacters(stdout)).toMatch(
      /~ +dev +shop\.maxItems +10 → 20\r?\n✓ revision 2 +undo: \S*setpoint rollback --revert 2/,
    );
  });

  test("explain is a ladder with the winner marked", async () => {
    const { stdout } = await on(["explain", "shop.maxItems"]).ended;
    const lines = stripVTControlCharacters(stdout).split(/\r?\n/);
    expect(lines[0]).toMatch(/^shop\.maxItems in dev is 20 +version 2$/);
    expect(lines[2]).toMatch(/▶ +stored +dev +20 +first-token, .*, revision 2$/);
    expect(lines[3]).toMatch(/^ +default +schema of shop +10$/);
  });

  test("history, diff and status speak in sentences", async () => {
    const textOf = async (...words: string[]) => stripVTControlCharacters((await on(words).ended).stdout);
    expect(await textOf("history")).toMatch(/^2 +(?:.*ago|just now) +first-token \(cli\) +dev shop\.maxItems – → 20/);
    expect(await textOf("diff")).toMatch(/^revision 1 → 2\r?\n +\+ +dev +shop\.maxItems +20/);
    expect(await textOf("status")).toMatch(/health +● well[^]*No app is connected/);
  });

  test("production asks for its name: only the name will do", async () => {
    const versionOf = async () => jsonOf<{ version: number }>(await shop.run(["get", "shop.maxItems", "-e", "production"])).version;
    const refused = on(["set", "-e", "production", "shop.maxItems", "5"]);
    await refused.seen(/to go on/);
    refused.process.stdin?.write("prod\r");
    const { code, stdout } = await refused.ended;
    expect(code).toBe(4);
    expect(stripVTControlCharacters(stdout)).toMatch(/~ +production +shop\.maxItems +10 → 5/);
    expect(await versionOf()).toBe(1);

    const confirmed = on(["set", "-e", "production", "shop.maxItems", "5"]);
    await confirmed.seen(/to go on/);
    confirmed.process.stdin?.write("production\r");
    expect((await confirmed.ended).code).toBe(0);
    expect(await versionOf()).toBeGreaterThan(1);
  });

  test("what changed while somebody was being asked is a conflict", async () => {
    const asked = on(["set", "-e", "production", "shop.maxItems", "6"]);
    await asked.seen(/to go on/);
    await shop.run(["set", "-e", "production", "shop.maxItems", "7", "--yes"]);
    asked.process.stdin?.write("production\r");
    expect((await asked.ended).code).toBe(5);
    expect(jsonOf(await shop.run(["get", "shop.maxItems", "-e", "production"]))["value"]).toBe(7);
  });

  test("Ctrl-C at the question ends with 130 and changes nothing", async () => {
    const asked = on(["rollback", "1"]);
    await asked.seen(/to go on/);
    asked.process.stdin?.write("\u0003");
    const { code, stdout } = await asked.ended;
    expect(code).toBe(130);
    expect(stdout).toContain("nothing was changed");
  });

  test("--no-input does not ask; --yes need not", async () => {
    expect((await on(["rollback", "1", "--no-input"]).ended).code).toBe(4);
    expect((await on(["rollback", "1", "--yes"]).ended).code).toBe(0);
  });

  test("watch prints a line for each change", async () => {
    const watching = on(["watch"]);
    await watching.seen(/Watching/);
    await shop.run(["set", "shop.banner", "new"]);
    await watching.seen(/"new"/);
    watching.process.stdin?.write("\u0003");
    const { code, stdout } = await watching.ended;
    expect(code).toBe(130);
    expect(stripVTControlCharacters(stdout)).toMatch(/\d\d:\d\d:\d\d +shop\.banner +"hi" → "new" +revision \d+/);
  });
});
