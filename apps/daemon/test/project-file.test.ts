import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { projectFileLimits, readProjectFile } from "../src/drivers/project-file/read-project-file.ts";
import { serve } from "./serve.ts";

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "setpoint-project-"))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const read = async (name: string, text: string) => {
  await writeFile(join(folder, name), text);
  return readProjectFile(folder);
};
const solo = `export default { environments: [{ name: "solo" }] };`;
/** Code that starts a process which outlives the file and holds its outputs. */
const leaving = (stdio: string, more = "") => `
  import { spawn } from "node:child_process";
  import { writeFileSync } from "node:fs";
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: ${stdio}${more} });
  writeFileSync("left.pid", String(child.pid));
  child.unref();`;

/** Resolves when the process is gone. */
const whenGone = async () => {
  const pid = Number(await readFile(join(folder, "left.pid"), "utf8"));
  await expect.poll(async () => isRunning(pid), { timeout: 15_000 }).toBe(false);
};

async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
    // One that was killed and that nobody waits for is a name only.
    return process.platform !== "linux" || !/^State:\s+Z/m.test(await readFile(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

it.each([`["ignore", "ignore", "inherit"]`, `["ignore", "ignore", "ignore", 3]`])(
  "a file that leaves a process behind with its outputs %s is read, and the process ended",
  async (stdio) => {
    expect(await read("setpoint.config.mjs", `${leaving(stdio)} ${solo}`)).toMatchObject({
      state: "read",
      project: { environments: [{ name: "solo" }] },
    });
    await whenGone();
  },
);

it("a process that left the group and holds the outputs does not hold the reading up", async () => {
  const found = await read("setpoint.config.mjs", `${leaving(`["ignore", "ignore", "inherit", 3]`, ", detached: true")} ${solo}`);
  expect(found.state).toBe("read");
  process.kill(Number(await readFile(join(folder, "left.pid"), "utf8")), "SIGKILL");
});

it("a file that never comes to its end is given up, with what it started", async () => {
  await writeFile(join(folder, "setpoint.config.mjs"), `${leaving(`["ignore", "ignore", "inherit", 3]`)} for (;;);`);
  const found = await readProjectFile(folder, { ...projectFileLimits, evaluationMs: 3_000 });
  expect(found).toMatchObject({ state: "failed", detail: expect.stringContaining("not evaluated within 3000 ms") });
  await whenGone();
});

it.each([
  ["throw null;", "threw null"],
  ["throw undefined;", "threw undefined"],
  ["throw Object.create(null);", "threw [Object: null prototype] {}"],
  ["throw 'words';", "threw 'words'"],
  ["throw new Error('in words');", "in words"],
])("what %s throws is told in words", async (code, words) => {
  expect(await read("setpoint.config.mjs", code)).toMatchObject({ state: "failed", detail: expect.stringContaining(words) });
});

it.each([
  ["null", "failed", "printed no project"],
  ["{}", "failed", "printed no project"],
  ["[1]", "failed", "printed no project"],
  [`{"ok":false}`, "failed", "printed no project"],
  [`{"ok":true}`, "malformed", "must be an object"],
  [`{"ok":true,"project":{"environments":[{"name":"a b"}],"schemas":{}}}`, "malformed", "/environments/0/name"],
  [`{"ok":true,"project":{"environments":null}}`, "malformed", "/environments"],
  [`{"ok":true,"ok":true,"project":{}}`, "failed", "printed no project"],
])("an answer that the file itself gives, %s, is not believed", async (text, state, words) => {
  const code = `import { writeSync } from "node:fs"; writeSync(3, ${JSON.stringify(text)}); process.exit(0);`;
  expect(await read("setpoint.config.mjs", code)).toMatchObject({ state, detail: expect.stringContaining(words) });
});

it("JSON with a member that stands twice is refused with its place", async () => {
  await writeFile(join(folder, "setpoint.config.json"), `{"environments":[{"name":"a","name":"b"}]}`);
  await expect(serve(null, folder)).rejects.toThrow(/\/environments\/0\/name/);
});
