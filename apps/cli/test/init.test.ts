import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { projectDocument } from "@setpoint/core";
import { jsonOf, projectFolder, setpoint, start } from "./setpoint-process.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function emptyFolder(): Promise<string> {
  const { folder, remove } = await projectFolder();
  cleanups.push(remove);
  return folder;
}

test("in an empty folder it writes JSON, says why, and the daemon serves it", async () => {
  const folder = await emptyFolder();
  const init = await setpoint(["init", "--plain"], { cwd: folder });
  expect(init.code).toBe(0);
  expect((await readdir(folder)).toSorted()).toEqual([".gitignore", "setpoint.config.json"]);
  expect(await readFile(join(folder, ".gitignore"), "utf8")).toBe(".setpoint/\n");
  const up = start(["up", "--port", "0"], { cwd: folder });
  await up.seen(/Ctrl-C stops it/);
  expect(jsonOf(await setpoint(["get"], { cwd: folder }))).toMatchObject({
    environment: "dev",
    values: { "app.maxItems": 10, "app.isOpen": true, "app.greeting": "Hello" },
  });
  up.process.kill("SIGTERM");
  expect(await up.ended).toMatchObject({ code: 0, stderr: expect.not.stringContaining("attention") });
});

test("both forms are the same project", async () => {
  const folder = await emptyFolder();
  await setpoint(["init", "json", "--format", "json"], { cwd: folder });
  const typed = await setpoint(["init", "ts", "--format", "ts"], { cwd: folder });
  expect(typed.code).toBe(0);
  expect(typed.stderr).toContain("npm install @setpoint/core zod");
  const json = projectDocument(JSON.parse(await readFile(join(folder, "json", "setpoint.config.json"), "utf8")));
  // The packages are there beside this test, not in the folder.
  const source = (await readFile(join(folder, "ts", "setpoint.config.ts"), "utf8"))
    .replace('"@setpoint/core"', JSON.stringify(import.meta.resolve("@setpoint/core")))
    .replace('"zod"', JSON.stringify(import.meta.resolve("zod", import.meta.resolve("@setpoint/core"))));
  await writeFile(join(folder, "config.mjs"), source);
  const module = (await import(join(folder, "config.mjs"))) as { default: unknown };
  const ts = projectDocument(module.default);
  expect(json.ok && ts.ok).toBe(true);
  expect(json).toEqual(ts);
});

test("where the packages are installed it writes TypeScript", async () => {
  const folder = await emptyFolder();
  for (const name of ["@setpoint/core", "zod"]) {
    await mkdir(join(folder, "node_modules", name), { recursive: true });
    await writeFile(join(folder, "node_modules", name, "package.json"), "{}");
  }
  const init = await setpoint(["init", "app"], { cwd: folder });
  expect(init).toMatchObject({ code: 0, stderr: "" });
  expect(jsonOf(init)["written"]).toContain(join(folder, "app", "setpoint.config.ts"));
});

test("nothing is overwritten, and what is ignored already is not ignored twice", async () => {
  const folder = await emptyFolder();
  await writeFile(join(folder, ".gitignore"), "dist\n/.setpoint");
  expect(jsonOf<{ written: string[] }>(await setpoint(["init"], { cwd: folder })).written).toHaveLength(1);
  const again = await setpoint(["init"], { cwd: folder });
  expect(again).toMatchObject({ code: 5, stdout: "" });
  expect(again.stderr).toContain("setpoint.config.json exists already");
  expect(await readFile(join(folder, ".gitignore"), "utf8")).toBe("dist\n/.setpoint");
  expect((await setpoint(["init", "--format", "yaml"], { cwd: folder })).code).toBe(2);
});
