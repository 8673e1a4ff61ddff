import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jsonOf, openShop, setpoint, type Shop } from "./setpoint-process.ts";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
  await shop.run(["set", "shop.maxItems", "20", "-m", "spring sale"]);
  await shop.run(["set", "-e", "base", "shop.banner", "Hello\u001b]0;owned\u0007", "--yes"]);
});

afterAll(() => shop.close());

describe("get", () => {
  test("all values, as JSON when piped and as cells with --plain", async () => {
    const piped = await shop.run(["get"]);
    expect(piped).toMatchObject({ code: 0, stderr: "" });
    expect(jsonOf(piped)).toMatchObject({ environment: "dev", values: { "shop.maxItems": 20, "shop.isOpen": true } });
    const plain = await shop.run(["get", "--plain"]);
    expect(plain.stdout.split("\n")).toContain("shop.maxItems\t20");
  });

  test("one value: bare with --plain, with its version as JSON", async () => {
    expect((await shop.run(["get", "shop.maxItems", "--plain"])).stdout).toBe("20\n");
    expect(jsonOf(await shop.run(["get", "shop.maxItems", "-e", "production"]))).toMatchObject({
      environment: "production",
      value: 10,
      layer: "default",
    });
  });

  test("as it was at a revision", async () => {
    expect(jsonOf(await shop.run(["get", "shop.maxItems", "--at", "1"]))).toMatchObject({ revision: 1, values: { "shop.maxItems": 10 } });
  });

  test("as it was before there was anything: says when the first revision was", async () => {
    const early = await shop.run(["get", "--at", "2h"]);
    expect(early).toMatchObject({ code: 7, stdout: "" });
    const [, first = ""] = /2h ago there was nothing yet: the first revision, 1, was made .* \((\S+Z)\)\./.exec(early.stderr) ?? [];
    expect(jsonOf(await shop.run(["get", "--at", first]))["revision"]).toBe(1);
  });

  test("the environment comes from the option, then the variable, then the project", async () => {
    const environmentOf = async (words: string[], env = {}) => jsonOf(await shop.run(["get", ...words], { env }))["environment"];
    expect(await environmentOf(["--environment", "base"], { SETPOINT_ENVIRONMENT: "production" })).toBe("base");
    expect(await environmentOf(["-e", "base"], { SETPOINT_ENVIRONMENT: "production" })).toBe("base");
    expect(await environmentOf([], { SETPOINT_ENVIRONMENT: "production" })).toBe("production");
    expect(await environmentOf([])).toBe("dev");
  });

  test("a mistyped key gets the right command; a branch its keys", async () => {
    const typo = await shop.run(["get", "shop.maxItem", "-e", "base"]);
    expect(typo).toMatchObject({ code: 7, stdout: "" });
    expect(typo.stderr).toContain('Did you mean "shop.maxItems"?');
    expect(typo.stderr).toContain("setpoint get shop.maxItems -e base");
    for (const command of ["get", "explain"]) {
      expect((await shop.run([command, "shop.nope"])).stderr).not.toMatch(/Did you mean|^ +try /m);
    }
    const branch = await shop.run(["get", "shop"]);
    expect(branch.code).toBe(6);
    expect(branch.stderr).toContain("setpoint get 'shop.**'");
  });

  test("a mistyped environment is an error with the right command, and nothing is created", async () => {
    const typo = await shop.run(["set", "shop.maxItems", "1", "--env", "prodution"]);
    expect(typo.code).toBe(7);
    expect(typo.stderr).toContain("setpoint set shop.maxItems 1 --env production");
    expect(jsonOf<{ environments: unknown[] }>(await shop.run(["status"])).environments).toHaveLength(3);
    expect((await shop.run(["get"], { env: { SETPOINT_ENVIRONMENT: "xyz" } })).stderr).toContain("from SETPOINT_ENVIRONMENT");
  });

  test("a pattern that nothing matches is an empty answer and a word about it", async () => {
    const empty = await shop.run(["get", "shop.zzz*.**"]);
    const none = await shop.run(["get", "zzz.**"]);
    expect(empty.code, "no pattern").toBe(2);
    expect(empty.stderr).toContain('"shop.zzz*.**" is not a pattern of keys: a star stands for whole segments only.');
    expect(empty.stderr).not.toContain("Query");
    expect(none).toMatchObject({ code: 0, stderr: "No key of dev with a value matches zzz.**.\n" });
  });

  test("terminal escapes in a value are shown, not obeyed, in every form", async () => {
    for (const words of [
      ["get", "shop.banner"],
      ["get", "shop.banner", "--plain"],
      ["get"],
      ["get", "--plain"],
      ["explain", "shop.banner", "--plain"],
    ]) {
      const { stdout } = await shop.run(words);
      expect(stdout).toContain("\\u001b]0;owned\\u0007");
      expect(stdout).not.toContain("\u001b");
    }
  });
});

test("explain tells every candidate, the winner first, with who set it", async () => {
  const { candidates } = jsonOf<{ candidates: { layer: string; wins: boolean }[] }>(await shop.run(["explain", "shop.maxItems"]));
  expect(candidates.map(({ layer, wins }) => [layer, wins])).toEqual([
    ["stored", true],
    ["default", false],
  ]);
  const plain = await shop.run(["explain", "shop.maxItems", "--plain"]);
  expect(plain.stdout.split("\n")[0]).toMatch(/^wins\tstored\tdev\t20\tfirst-token\t.*Z\t2$/);
  expect((await shop.run(["explain", "shop.maxItem"])).stderr).toContain("setpoint explain shop.maxItems");
  expect(jsonOf(await shop.run(["explain", "shop.maxItems", "--revision", "1"]))).toMatchObject({ value: 10 });
});

test("history is newest first, filtered and limited, and says that this program did it", async () => {
  const { revisions } = jsonOf<{ revisions: { revision: number; origin: string; comment: string }[] }>(await shop.run(["history"]));
  expect(revisions.map(({ revision }) => revision)).toEqual([3, 2, 1]);
  expect(revisions[1]).toMatchObject({ origin: "cli", comment: "spring sale" });
  const revisionsOf = async (...words: string[]) =>
    jsonOf<{ revisions: { revision: number }[] }>(await shop.run(["history", ...words])).revisions.map(({ revision }) => revision);
  expect(await revisionsOf("-n", "1")).toEqual([3]);
  expect(await revisionsOf("--key", "shop.maxItems")).toEqual([2]);
  expect(await revisionsOf("-e", "base", "-n", "1")).toEqual([3]);
  expect(await revisionsOf("--by", "system")).toEqual([1]);
  expect(jsonOf(await shop.run(["history", "2"]))).toMatchObject({ changes: [{ key: "shop.maxItems", after: 20 }] });
  expect((await shop.run(["history", "99"])).code).toBe(7);
  expect((await shop.run(["history", "-n", "0"])).code).toBe(2);
});

describe("diff", () => {
  test("ends with 3 where something differs, with 0 where nothing does", async () => {
    const newest = await shop.run(["diff"]);
    expect(newest.code).toBe(3);
    expect(jsonOf(newest)).toMatchObject({ from: 2, to: 3, changes: [{ key: "shop.banner" }] });
    expect((await shop.run(["diff", "1", "2", "--plain"])).stdout).toBe("value\tdev\tshop.maxItems\t\t20\n");
    expect((await shop.run(["diff", "3", "3"])).code).toBe(0);
    expect((await shop.run(["diff", "1", "2", "-e", "production"])).code).toBe(0);
    expect((await shop.run(["diff", "99"])).code).toBe(7);
  });

  test("takes moments as the others do", async () => {
    const { revisions } = jsonOf<{ revisions: { at: string }[] }>(await shop.run(["history"]));
    const [, second, first] = revisions.map(({ at }) => at);
    expect(jsonOf(await shop.run(["diff", first ?? "", second ?? ""]))).toMatchObject({ from: 1, to: 2 });
    const early = await shop.run(["diff", "1h"]);
    expect(early.code).toBe(7);
    expect(early.stderr).toContain("1h ago there was nothing yet");
    const word = await shop.run(["diff", "yesterday"]);
    expect(word.code).toBe(2);
    expect(word.stderr).toContain('"yesterday" is not a revision.');
  });

  test("compares what two environments show", async () => {
    const compared = await shop.run(["diff", "-e", "dev", "--against", "production"]);
    expect(compared.code).toBe(3);
    expect(jsonOf(compared)).toEqual({ from: "dev", to: "production", changes: [{ key: "shop.maxItems", before: 20, after: 10 }] });
  });
});

describe("status", () => {
  test("says where the daemon is and how it is", async () => {
    const told = await shop.run(["status"]);
    expect(told.code).toBe(0);
    expect(jsonOf(told)).toMatchObject({
      url: shop.daemon.url,
      stateDir: shop.daemon.stateDir,
      health: { status: "ok", problems: [] },
      instances: [],
    });
    expect((await shop.run(["status", "--plain"])).stdout).toContain(`url\t${shop.daemon.url}\n`);
  });

  test("an address that nobody serves is code 8, with what to do", async () => {
    const nobody = await shop.run(["status", "--url", "http://127.0.0.1:9", "--token-file", `${shop.daemon.stateDir}/token`]);
    expect(nobody.code).toBe(8);
    expect(nobody.stderr).toContain("127.0.0.1:9 cannot be reached");
    const nothing = await shop.run(["get", "-C", "/"]);
    expect(nothing.code).toBe(8);
    expect(nothing.stderr).toContain("up /");
  });

  test("an address without http:// gets it in the command to try", async () => {
    for (const address of ["127.0.0.1:4747", "localhost:4747"]) {
      const refused = await setpoint(["status", "--url", address]);
      expect(refused.code).toBe(8);
      expect(refused.stderr).toContain(`try       setpoint status --url http://${address}\n`);
      expect((await setpoint(["status"], { env: { SETPOINT_URL: address } })).stderr).toContain(`SETPOINT_URL=http://${address}\n`);
    }
  });

  test("a token that the daemon does not know is refused, and never printed", async () => {
    const token = "sp_stranger_0123456789012345678901234567890123456789abc";
    const refused = await shop.run(["status", "--debug"], { env: { SETPOINT_URL: shop.daemon.url, SETPOINT_TOKEN: token } });
    expect(refused.code).toBe(4);
    expect(refused.stdout + refused.stderr).not.toContain(token);
  });
});
