import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { spawn } from "node:child_process";
import { describe, expect, it, onTestFinished } from "vitest";
import { acquireLock } from "../../src/drivers/state-folder/lock.ts";
import type { StateLock } from "../../src/drivers/state-folder/lock.ts";
import { prepareSocketPath, socketPath } from "../../src/drivers/state-folder/socket-path.ts";
import { openStateFolder } from "../../src/drivers/state-folder/state-folder.ts";
import { temporaryFolder } from "./temporary-folder.ts";

function newLock(path = temporaryFolder()): StateLock {
  const opened = openStateFolder(path);
  if (!opened.ok) throw new Error(opened.reason);
  const acquired = acquireLock(opened.folder);
  if (!acquired.ok) throw new Error(acquired.reason);
  onTestFinished(acquired.lock.release);
  return acquired.lock;
}

describe("the socket's path", () => {
  it("lies in the runtime folder, named after the state folder", () => {
    const { folder } = newLock();
    const other = newLock().folder;
    const surroundings = { runtimeFolder: "/run/user/7", temporaryFolder: "/tmp" };
    expect(socketPath(folder, surroundings)).toMatch(/^\/run\/user\/7\/setpoint\/[0-9a-f]{8}\.sock$/);
    expect(socketPath(folder, surroundings)).toBe(socketPath(folder, surroundings));
    expect(socketPath(folder, surroundings)).not.toBe(socketPath(other, surroundings));
  });

  it("lies in the state folder without a runtime folder, else in the temporary one, and is never too long", () => {
    const { folder } = newLock();
    for (const runtimeFolder of [undefined, "", "relative"]) {
      expect(socketPath(folder, { runtimeFolder, temporaryFolder: "/tmp" })).toBe(join(folder.path, "daemon.sock"));
    }
    const deep = { ...folder, path: `/${"d".repeat(100)}` };
    expect(socketPath(deep, { temporaryFolder: "/tmp" })).toMatch(/^\/tmp\/setpoint-[^/]+\/[0-9a-f]{8}\.sock$/);
    expect(socketPath(folder, { runtimeFolder: `/${"é".repeat(50)}`, temporaryFolder: "/tmp" })).toMatch(/^\/tmp\/setpoint-/);
    expect(socketPath(deep, { temporaryFolder: deep.path })).toBeUndefined();
  });
});

describe("the socket", () => {
  it("can be listened on where a killed daemon left one", async () => {
    const lock = newLock();
    const path = join(temporaryFolder(), "setpoint", "a.sock");
    expect(prepareSocketPath(lock, path)).toEqual({ ok: true });
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    const listen = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
    await once(spawn(process.execPath, ["-e", listen]), "exit");
    expect(statSync(path).isSocket()).toBe(true);

    expect(prepareSocketPath(lock, path)).toEqual({ ok: true });
    const server = createServer().listen(path);
    await once(server, "listening");
    server.close();
  });

  it("takes the place of a socket only", () => {
    const lock = newLock();
    const path = join(lock.folder.path, "daemon.sock");
    writeFileSync(path, "notes");
    expect(prepareSocketPath(lock, path)).toMatchObject({ ok: false, reason: expect.stringContaining("is not a socket") });
    expect(existsSync(path)).toBe(true);
  });

  it("is refused in a folder that others prepared", () => {
    const lock = newLock();
    const open = join(temporaryFolder(), "setpoint-1");
    mkdirSync(open);
    chmodSync(open, 0o755);
    expect(prepareSocketPath(lock, join(open, "a.sock"))).toMatchObject({
      ok: false,
      reason: expect.stringContaining("lets other users in"),
    });
    const link = join(temporaryFolder(), "setpoint-2");
    symlinkSync(temporaryFolder(), link);
    expect(prepareSocketPath(lock, join(link, "a.sock"))).toMatchObject({ ok: false, reason: expect.stringContaining("is not a folder") });
  });
});
