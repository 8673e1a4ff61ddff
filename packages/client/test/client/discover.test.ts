import { createServer } from "node:net";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { discoverDaemon } from "../../src/discover.ts";

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "setpoint-discover-")));
});
afterEach(() => rmSync(root, { recursive: true }));

function state(
  path: string,
  { url = "http://127.0.0.1:4747", token = "sp_state_token", socket = undefined as string | undefined } = {},
): string {
  const stateDir = join(root, path);
  mkdirSync(stateDir, { recursive: true });
  writeFileSync(join(stateDir, "token"), `${token}\n`);
  writeFileSync(join(stateDir, "daemon.json"), JSON.stringify({ pid: 1, url, socket, version: "1" }));
  return stateDir;
}

const look = (variables: Record<string, string> = {}, more: Parameters<typeof discoverDaemon>[0] = {}) =>
  discoverDaemon({ variables: { XDG_STATE_HOME: join(root, "xdg"), ...variables }, folder: join(root, "project", "src"), ...more });

test("options come first, then the variables, then the folders from near to far", () => {
  expect(look()).toEqual({ problem: expect.stringContaining(join(root, "xdg", "setpoint", "daemon.json")) as string });
  state("xdg/setpoint", { url: "http://127.0.0.1:1" });
  expect(look()).toMatchObject({ url: "http://127.0.0.1:1", token: "sp_state_token", stateDir: join(root, "xdg", "setpoint") });
  state(".setpoint", { url: "http://127.0.0.1:2" });
  expect(look()).toMatchObject({ url: "http://127.0.0.1:2" });
  state("project/.setpoint", { url: "http://127.0.0.1:3" });
  expect(look()).toMatchObject({ url: "http://127.0.0.1:3", stateDir: join(root, "project", ".setpoint") });
  const other = state("other", { url: "http://127.0.0.1:4" });
  expect(look({ SETPOINT_STATE_DIR: other })).toMatchObject({ url: "http://127.0.0.1:4" });
  const variables = { SETPOINT_STATE_DIR: other, SETPOINT_URL: "https://config.example.org/", SETPOINT_TOKEN: "sp_variable_token" };
  expect(look(variables)).toEqual({ url: "https://config.example.org", token: "sp_variable_token" });
  expect(look(variables, { url: "http://[::1]:5", token: "sp_option_token" })).toEqual({ url: "http://[::1]:5", token: "sp_option_token" });
});

test("an empty variable is none", () => {
  state("project/.setpoint");
  expect(look({ SETPOINT_URL: "", SETPOINT_TOKEN: "", SETPOINT_STATE_DIR: "" })).toMatchObject({ url: "http://127.0.0.1:4747" });
});

test("a token can come from a file", () => {
  writeFileSync(join(root, "secret"), "sp_file_token\n");
  const variables = { SETPOINT_URL: "http://127.0.0.1:9", SETPOINT_TOKEN_FILE: join(root, "secret") };
  expect(look(variables)).toEqual({ url: "http://127.0.0.1:9", token: "sp_file_token" });
  expect(look({ ...variables, SETPOINT_TOKEN_FILE: join(root, "none") })).toEqual({
    problem: expect.stringContaining("cannot be read") as string,
  });
});

test("the nearest state folder counts even while its daemon is down", () => {
  state(".setpoint");
  mkdirSync(join(root, "project", ".setpoint"), { recursive: true });
  expect(look()).toEqual({ problem: expect.stringContaining(join(root, "project", ".setpoint", "daemon.json")) as string });
});

test("a state folder's token goes to its own daemon only", () => {
  state("project/.setpoint");
  expect(look({ SETPOINT_URL: "http://127.0.0.1:4747/" })).toMatchObject({ token: "sp_state_token" });
  for (const url of [
    "http://evil.example.org",
    "http://127.0.0.1:4748",
    "https://127.0.0.1:4747",
    "http://127.0.0.1.evil.example.org:4747",
  ]) {
    const found = look({ SETPOINT_URL: url });
    expect(found).toEqual({ problem: expect.stringContaining("no token for") as string });
    expect(JSON.stringify(found)).not.toContain("sp_state_token");
  }
});

test("the socket of the state folder is taken where it is there, and only without a URL", async () => {
  const socket = join(root, "daemon.sock");
  const stateDir = state("project/.setpoint", { socket });
  expect(look()).not.toHaveProperty("socketPath");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  expect(look()).toMatchObject({ socketPath: socket, stateDir });
  expect(look({ SETPOINT_URL: "http://127.0.0.1:4747" })).not.toHaveProperty("socketPath");
  expect(look({}, { socketPath: "/run/other.sock", token: "sp_option_token" })).toEqual({
    url: "http://localhost",
    token: "sp_option_token",
    socketPath: "/run/other.sock",
  });
  await new Promise((resolve) => server.close(resolve));
});

test.each(["", "{", "null", "[]", '"text"', "{}", '{"url":7}', '{"url":"nonsense"}', '{"url":"file:///etc/passwd"}'])(
  "a daemon.json that reads %j is a problem in words",
  (text) => {
    const stateDir = state("project/.setpoint");
    writeFileSync(join(stateDir, "daemon.json"), text);
    expect(look()).toEqual({ problem: expect.any(String) as string });
  },
);

test.each(["", "two words", "line\r\nX-Evil: 1", "ключ", "x".repeat(2_000)])(
  "what is no token (%j) never reaches a header or a message",
  (token) => {
    state("project/.setpoint", { token });
    const found = look();
    expect(found).toEqual({ problem: expect.any(String) as string });
    if (token !== "") expect(JSON.stringify(found)).not.toContain(token);
  },
);

test.each(["nonsense", "ftp://host", "ws://host", "//host"])("a URL like %s is a problem in words", (url) => {
  expect(look({ SETPOINT_URL: url, SETPOINT_TOKEN: "sp_variable_token" })).toEqual({ problem: expect.any(String) as string });
});
