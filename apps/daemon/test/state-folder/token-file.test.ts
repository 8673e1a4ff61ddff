import { chmodSync, chownSync, existsSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { hashToken, parseToken, tokenMatches } from "../../src/drivers/state-folder/token.ts";
import { ensureToken } from "../../src/drivers/state-folder/token-file.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const newPath = () => join(temporaryFolder(), "token");
const secret = "A".repeat(43);

function expectRefused(path: string, words: RegExp): void {
  expect(ensureToken(path, randomBytes)).toEqual({ ok: false, reason: expect.stringMatching(words) });
}

describe("the token file", () => {
  it("is made once, whole and for its owner alone", () => {
    const path = newPath();
    const made = ensureToken(path, randomBytes);
    if (!made.ok) throw new Error(made.reason);
    expect(made.token).toMatch(/^sp_[0-9a-f]{8}_[A-Za-z0-9_-]{43}$/);
    expect(made).toMatchObject({ created: true, hash: hashToken(made.token), id: parseToken(made.token)?.id });
    expect(readFileSync(path, "utf8")).toBe(`${made.token}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(path))).toEqual(["token"]);
    expect(ensureToken(path, randomBytes)).toEqual({ ...made, created: false });
  });

  it("takes the place of a half that a killed start left aside", () => {
    const path = newPath();
    writeFileSync(`${path}.new`, "sp_ha");
    expect(ensureToken(path, randomBytes)).toMatchObject({ ok: true, created: true });
    expect(existsSync(`${path}.new`)).toBe(false);
  });

  it("may be stricter than it is made, and may lack the last line break", () => {
    const path = newPath();
    writeFileSync(path, `sp_ops_${secret}`, { mode: 0o400 });
    expect(ensureToken(path, randomBytes)).toMatchObject({ ok: true, id: "ops", created: false });
  });

  it.each([0o640, 0o604, 0o660, 0o666])("is refused with mode %o", (mode) => {
    const path = newPath();
    writeFileSync(path, `sp_ops_${secret}\n`);
    chmodSync(path, mode);
    expectRefused(path, /lets other users (read|change) it; chmod 600/);
  });

  it("is refused when it is another user's", (context) => {
    if (process.getuid?.() !== 0) context.skip("only root can give a file away");
    const path = newPath();
    writeFileSync(path, `sp_ops_${secret}\n`, { mode: 0o600 });
    chownSync(path, 12_345, 12_345);
    expectRefused(path, /belongs to user 12345/);
  });

  it("is refused as a symbolic link, which is not followed", () => {
    const path = newPath();
    const target = newPath();
    symlinkSync(target, path);
    expectRefused(path, /is a symbolic link/);
    expect(existsSync(target)).toBe(false);
  });

  it.each([
    "",
    "\n",
    "secret",
    `sp_ops_${"A".repeat(42)}`,
    `sp_a_b_${secret}A`,
    `sp_ops_${secret}\n\n`,
    `sp__${secret}`,
    `sp_ops_${secret}\nmore`,
    "x".repeat(9_000),
  ])("is refused with words, and kept, when it holds %j", (text) => {
    const path = newPath();
    writeFileSync(path, text, { mode: 0o600 });
    expectRefused(path, /does not hold a token .* delete it and start again/);
    expect(readFileSync(path, "utf8")).toBe(text);
  });
});

describe("a token", () => {
  it("has an id without _ before its secret, which may have one", () => {
    expect(parseToken(`sp_a-1_${"_".repeat(43)}`)).toEqual({ id: "a-1" });
    for (const text of ["", "sp_", `sp_a_${secret} `, ` sp_a_${secret}`, `sp_a_${secret}\n`, `SP_a_${secret}`, `sp_${secret}`]) {
      expect([text, parseToken(text)]).toEqual([text, undefined]);
    }
  });

  it("matches its own hash only, whatever is presented", () => {
    const token = `sp_ops_${secret}`;
    expect(tokenMatches(token, hashToken(token))).toBe(true);
    for (const text of ["", "sp_ops_", `${token}A`, token.toLowerCase(), "\ud800", "x".repeat(100_000)]) {
      expect(tokenMatches(text, hashToken(token))).toBe(false);
    }
    for (const hash of ["", "00", "zz", hashToken(token).slice(2)]) expect(tokenMatches(token, hash)).toBe(false);
  });
});
