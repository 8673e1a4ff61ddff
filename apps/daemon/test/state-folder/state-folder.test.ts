import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, realpathSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openStateFolder } from "../../src/drivers/state-folder/state-folder.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const newFolder = () => join(temporaryFolder(), "deep", ".setpoint");

function expectRefused(path: string, words: RegExp): void {
  expect(openStateFolder(path)).toEqual({ ok: false, reason: expect.stringMatching(words) });
}

describe("the state folder", () => {
  it("is made for its owner alone", () => {
    const path = newFolder();
    const opened = openStateFolder(path);
    expect(opened).toMatchObject({
      ok: true,
      warnings: [],
      folder: { path: realpathSync(path), database: join(realpathSync(path), "setpoint.db"), token: join(realpathSync(path), "token") },
    });
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(openStateFolder(path)).toEqual(opened);
  });

  it("is refused when everybody can write to it", () => {
    const path = newFolder();
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o1777);
    expectRefused(path, /mode 1777, which lets everybody change it; chmod 700/);
  });

  it("is taken with a warning when others can look into it", () => {
    const path = newFolder();
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o755);
    expect(openStateFolder(path)).toMatchObject({ ok: true, warnings: [expect.stringContaining("mode 0755")] });
  });

  it("is refused when it is another user's", (context) => {
    if (process.getuid?.() !== 0) context.skip("only root can give a folder away");
    const path = newFolder();
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chownSync(path, 12_345, 12_345);
    expectRefused(path, /belongs to user 12345/);
  });

  it("is refused when it cannot be made", () => {
    const path = join(temporaryFolder(), "file");
    writeFileSync(path, "");
    expectRefused(join(path, "state"), /cannot be made/);
    expectRefused(path, /cannot be made/);
  });

  it.each(["setpoint.db", "setpoint.db-wal", "setpoint.db-shm", "lock", "head", "token", "daemon.json"])(
    "is refused with a symbolic link in the place of %s, and what the link names is left alone",
    (name) => {
      const path = newFolder();
      const target = join(temporaryFolder(), "target");
      mkdirSync(path, { recursive: true, mode: 0o700 });
      symlinkSync(target, join(path, name));
      expectRefused(path, new RegExp(`${name} is a symbolic link`));
      expect(existsSync(target)).toBe(false);
      expect(lstatSync(join(path, name)).isSymbolicLink()).toBe(true);
    },
  );

  it("is refused with a folder in the place of a file, or with a store that others may change", () => {
    const path = newFolder();
    mkdirSync(join(path, "head"), { recursive: true, mode: 0o700 });
    expectRefused(path, /head is not a plain file/);
    const other = newFolder();
    mkdirSync(other, { recursive: true, mode: 0o700 });
    writeFileSync(join(other, "setpoint.db"), "");
    chmodSync(join(other, "setpoint.db"), 0o666);
    expectRefused(other, /mode 0666, which lets other users change it/);
  });
});
