import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runDaemon } from "@setpoint/testkit/run-daemon";
import { expect, it } from "vitest";

const patience = { timeout: 15_000 };

it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("%s ends the daemon in order", async (signal) => {
  const stateDir = await mkdtemp(join(tmpdir(), "setpoint-process-"));
  const daemon = await runDaemon({ stateDir });
  process.kill(daemon.pid, signal);
  expect(await daemon.exited).toEqual({ code: 0, signal: null });
  for (const file of ["daemon.json", "setpoint.db-wal"]) expect(existsSync(join(stateDir, file))).toBe(false);
  await rm(stateDir, { recursive: true, force: true });
});

it("SIGUSR1 opens no inspector", async () => {
  const daemon = await runDaemon();
  process.kill(daemon.pid, "SIGUSR1");
  // An inspector would have said so before these are answered and the daemon has ended in order.
  for (let time = 0; time < 20; time += 1) expect((await fetch(`${daemon.url}/livez`)).status).toBe(200);
  await daemon.stop();
  expect(daemon.output()).not.toContain("Debugger listening");
});

it("a signal during the start ends it, and the project file's process with it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "setpoint-process-"));
  await writeFile(
    join(folder, "setpoint.config.mjs"),
    `import { writeFileSync } from "node:fs"; writeFileSync("running.pid", String(process.pid)); for (;;);`,
  );
  const bin = fileURLToPath(new URL("../bin/setpointd.js", import.meta.url));
  const daemon = spawn(process.execPath, [bin, "--project", folder, "--port", "0"], { stdio: "ignore" });
  await expect.poll(() => readFile(join(folder, "running.pid"), "utf8").catch(() => ""), patience).not.toBe("");
  const evaluating = Number(await readFile(join(folder, "running.pid"), "utf8"));
  daemon.kill("SIGINT");
  expect(await once(daemon, "exit")).toEqual([130, null]);
  await expect.poll(() => isRunning(evaluating), patience).toBe(false);
  await rm(folder, { recursive: true, force: true });
});

async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
    // One that was killed and that nobody waits for is a name only.
    return process.platform !== "linux" || !/^State:\s+Z/m.test(await readFile(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
