import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it, onTestFinished } from "vitest";
import { readDaemonFile, writeDaemonFile } from "../../src/drivers/state-folder/daemon-file.ts";
import { acquireLock } from "../../src/drivers/state-folder/lock.ts";
import { openStateFolder } from "../../src/drivers/state-folder/state-folder.ts";
import type { StateFolder } from "../../src/drivers/state-folder/state-folder.ts";
import { temporaryFolder } from "./temporary-folder.ts";

function newState(): StateFolder {
  const opened = openStateFolder(temporaryFolder());
  if (!opened.ok) throw new Error(opened.reason);
  return opened.folder;
}

/** Another process that tries to take the lock, and the words it came back with. */
async function startHolder({ path }: StateFolder): Promise<{ child: ChildProcess; words: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "lock-holder.ts"), path], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [words] = (await once(createInterface(child.stdout), "line")) as [string];
  return { child, words };
}

describe("the state lock", () => {
  it("is refused while another process has it, and free once that is killed", async () => {
    const state = newState();
    const { child, words } = await startHolder(state);
    expect(words).toBe("held");
    const refused = acquireLock(state);
    expect(refused).toMatchObject({ ok: false, reason: expect.stringContaining(`(pid ${child.pid})`), holder: { pid: child.pid } });
    expect(refused).toMatchObject({ reason: expect.stringContaining("http://127.0.0.1:4747") });

    child.kill("SIGKILL");
    await once(child, "exit");
    const taken = acquireLock(state);
    expect(taken.ok).toBe(true);
    if (taken.ok) taken.lock.release();
  });

  it("keeps other processes out, until it is released", async () => {
    const state = newState();
    const taken = acquireLock(state);
    if (!taken.ok) throw new Error(taken.reason);
    expect(statSync(state.lock).mode & 0o777).toBe(0o600);
    expect((await startHolder(state)).words).toMatch(/^Another setpointd is starting/);
    taken.lock.release();
    taken.lock.release();
    expect((await startHolder(state)).words).toBe("held");
  });

  it("is refused where something else lies", () => {
    const file = newState();
    writeFileSync(file.lock, "this is not a lock, but a long enough text to be taken for a file header of some kind ".repeat(20), {
      mode: 0o600,
    });
    expect(acquireLock(file)).toMatchObject({ ok: false, reason: expect.stringContaining("cannot be taken") });
    const link = newState();
    symlinkSync(join(temporaryFolder(), "target"), link.lock);
    expect(acquireLock(link)).toMatchObject({ ok: false, reason: expect.stringContaining("symbolic link") });
  });
});

describe("the daemon file", () => {
  it("says how the daemon is reached, until it stops", () => {
    const { daemonFile } = newState();
    const daemon = { pid: 12, url: "http://127.0.0.1:4747", socket: "/run/x.sock", version: "0.1.0" };
    writeDaemonFile(daemonFile, { ...daemon, pid: 11 });
    const written = writeDaemonFile(daemonFile, daemon);
    expect(readDaemonFile(daemonFile)).toEqual(daemon);
    expect(statSync(daemonFile).mode & 0o777).toBe(0o600);
    for (let time = 0; time < 2; time += 1) if (written.ok) written.remove();
    expect(readDaemonFile(daemonFile)).toBeUndefined();
  });

  it.each(["", "[]", "{", '{"pid":"1"}', '{"pid":1,"url":2,"version":"1"}'])("is taken for absent when it holds %j", (text) => {
    const { daemonFile } = newState();
    writeFileSync(daemonFile, text);
    expect(readDaemonFile(daemonFile)).toBeUndefined();
  });
});
