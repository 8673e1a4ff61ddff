import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commands } from "../src/commands.ts";
import { exitCodes } from "../src/exit-codes.ts";
import { bin, openShop, setpoint, type Shop } from "./setpoint-process.ts";

const names = commands.map(({ name }) => name);

test("the help lists every command and every exit code", async () => {
  const help = await setpoint(["--help"]);
  expect(help).toMatchObject({ code: 0, stderr: "" });
  for (const name of names) expect(help.stdout).toMatch(new RegExp(`^  ${name} `, "m"));
  for (const code of Object.values(exitCodes)) expect(help.stdout).toMatch(new RegExp(`\\b${code} [a-z]`));
  expect((await setpoint([])).code).toBe(2);
});

test.each(names)("%s --help begins with examples", async (name) => {
  const help = await setpoint([name, "--help"]);
  expect(help.code).toBe(0);
  expect(help.stdout).toMatch(new RegExp(`^Examples:\n  (SETPOINT_\\w+=\\S+ )?setpoint ${name}`));
});

test("help is a command, too, and shows the same", async () => {
  expect(await setpoint(["help"])).toEqual(await setpoint(["--help"]));
  for (const name of names) expect(await setpoint(["help", name])).toEqual(await setpoint([name, "--help"]));
  const unknown = await setpoint(["help", "gte"]);
  expect(unknown).toMatchObject({ code: 2, stdout: "" });
  expect(unknown.stderr).toContain("show values in force");
});

test("--version is the package's", async () => {
  const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  expect(await setpoint(["--version"])).toMatchObject({ code: 0, stdout: `${version}\n` });
});

test.each([
  [["gte", "a.b"], "Did you mean get?"],
  [["get", "--jsn"], "Did you mean --json?"],
  [["up", "--prt", "1"], "Did you mean --port?"],
  [["get", "--json", "--plain"], "cannot be used with"],
  [["get", "a", "b"], "too many arguments"],
])("%j is a usage error that helps", async (words, help) => {
  const refused = await setpoint(words);
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  expect(refused.stderr).toContain(help);
});

test("up passes on every setting that the daemon has, and no other", async () => {
  const { stdout } = await setpoint(["up", "--help"]);
  const own = stdout.slice(stdout.indexOf("Settings of the daemon"), stdout.indexOf("Global Options"));
  const daemonBin = new URL("../../daemon/bin/setpointd.js", import.meta.url).pathname;
  const daemon = spawn(process.execPath, [daemonBin, "--help"]);
  let help = "";
  for await (const chunk of daemon.stdout) help += String(chunk);
  const flags = (text: string) =>
    [...text.matchAll(/^ +(--[a-z-]+) [<A-Z]/gm)].map(([, flag]) => flag).filter((flag) => flag !== "--project");
  expect(flags(own).length).toBeGreaterThan(5);
  expect(new Set(flags(own))).toEqual(new Set(flags(help)));
});

describe("beside a daemon", () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop();
  });
  afterAll(() => shop.close());

  test("a reader that leaves early is no fault", async () => {
    const child = spawn(
      "/bin/sh",
      ["-c", `'${process.execPath}' '${bin}' get --plain | true; '${process.execPath}' '${bin}' --help | head -n 1`],
      {
        env: { ...process.env, ...shop.env },
      },
    );
    const words: string[] = [];
    child.stderr.setEncoding("utf8").on("data", (text: string) => words.push(text));
    await new Promise((resolve) => child.on("close", resolve));
    expect(words.join("")).toBe("");
  });

  test("options of every command may stand before or after it", async () => {
    const { stateDir } = shop.daemon;
    const folder = stateDir.slice(0, -"/.setpoint".length);
    const before = await setpoint(["-C", folder, "--plain", "get", "shop.maxItems"]);
    const after = await setpoint(["get", "shop.maxItems", "--plain", "--project", folder]);
    expect([before.stdout, after.stdout]).toEqual(["10\n", "10\n"]);
  });

  test("an option outranks the variables", async () => {
    const { stateDir } = shop.daemon;
    const env = { SETPOINT_URL: "http://127.0.0.1:9", SETPOINT_TOKEN: "none", SETPOINT_STATE_DIR: "/nowhere" };
    const folder = stateDir.slice(0, -"/.setpoint".length);
    expect((await setpoint(["get", "-C", folder], { env: { ...env, SETPOINT_TOKEN: "" } })).code).toBe(0);
    expect((await setpoint(["get", "--url", shop.daemon.url, "--token-file", `${stateDir}/token`], { env })).code).toBe(0);
    expect((await setpoint(["get"], { env })).code).toBe(8);
  });

  test("the token is in no output", async () => {
    const outputs = await Promise.all(
      [
        ["status", "--json"],
        ["get", "--debug"],
        ["get", "nope.x", "--debug"],
      ].map((words) => shop.run(words)),
    );
    for (const { stdout, stderr } of outputs) expect(stdout + stderr).not.toContain(shop.daemon.token);
  });

  test("stacks come with --debug only", async () => {
    const words = ["get", "nope.x"];
    expect((await shop.run(words)).stderr).not.toMatch(/\n +at /);
    expect((await shop.run([...words, "--debug"])).stderr).toMatch(/\n +at /);
  });
});
