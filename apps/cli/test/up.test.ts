import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { jsonOf, projectFolder, type Running, setpoint, shopProject, start } from "./setpoint-process.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function folderWith(project?: unknown): Promise<string> {
  const { folder, remove } = await projectFolder(project);
  cleanups.push(remove);
  return folder;
}

/** Starts a long-running command that is certainly gone after the test. */
function run(words: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Running {
  const running = start(words, { cwd, env });
  cleanups.push(async () => {
    running.process.kill("SIGTERM");
    await running.ended;
  });
  return running;
}

async function daemonOf(folder: string): Promise<{ readonly pid: number; readonly url: string }> {
  return JSON.parse(await readFile(join(folder, ".setpoint", "daemon.json"), "utf8")) as { pid: number; url: string };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function isListening(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => resolve(socket.destroy() !== undefined));
    socket.on("error", () => resolve(false));
  });
}

describe("up", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 0],
  ] as const)("%s stops it cleanly and ends with %i: no process, no daemon.json", async (signal, code) => {
    const folder = await folderWith(shopProject);
    const up = run(["up", "--port", "0"], folder);
    await up.seen(/Ctrl-C stops it/);
    const { pid, url } = await daemonOf(folder);
    expect(isAlive(pid)).toBe(true);
    up.process.kill(signal);
    expect((await up.ended).code).toBe(code);
    expect(isAlive(pid)).toBe(false);
    expect(await isListening(url)).toBe(false);
    expect(existsSync(join(folder, ".setpoint", "daemon.json"))).toBe(false);
  });

  test("greets with the address, the environments and commands that work from where one stands", async () => {
    const folder = await folderWith();
    await mkdir(join(folder, "shop"));
    await writeFile(join(folder, "shop", "setpoint.config.json"), JSON.stringify(shopProject));
    const up = run(["up", "shop", "--port", "0"], folder);
    await up.seen(/Ctrl-C stops it/);
    const [, words = ""] = await up.seen(/^ +setpoint (-C shop set .*)$/m);
    await up.seen(/environments +dev \(default\), base, production/);
    expect((await setpoint(words.split(" "), { cwd: folder })).code).toBe(0);
    expect((await setpoint(["history"], { cwd: folder })).code, "without -C there is nothing to find").toBe(8);
    expect((await setpoint(["history"], { cwd: join(folder, "shop") })).code).toBe(0);
  });

  test("a reader that goes away takes the daemon with it, in an orderly way", async () => {
    const folder = await folderWith(shopProject);
    const up = run(["up", "--port", "0"], folder);
    await up.seen(/Ctrl-C stops it/);
    const { pid } = await daemonOf(folder);
    up.process.stdout?.destroy();
    up.process.stderr?.destroy();
    up.process.kill("SIGHUP");
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
    expect(existsSync(join(folder, ".setpoint", "daemon.json"))).toBe(false);
  });

  test("with --json it says the same as one document and runs on", async () => {
    const folder = await folderWith(shopProject);
    const up = run(["up", "--json"], folder, { SETPOINT_PORT: "0" });
    await up.seen(/\n/);
    up.process.kill("SIGTERM");
    const ended = await up.ended;
    expect(jsonOf(ended)).toMatchObject({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      stateDir: join(folder, ".setpoint"),
      problems: [],
    });
  });

  test("a state folder outside of the project is found by what is printed", async () => {
    const folder = await folderWith(shopProject);
    const up = run(["up", "--port", "0", "--state-dir", "elsewhere"], folder);
    const [, words = ""] = await up.seen(/^ +setpoint (--url \S+ --token-file elsewhere\/token) get$/m);
    expect((await setpoint([...words.split(" "), "get"], { cwd: folder })).code).toBe(0);
  });

  test("a project file that is none ends the start with the place of what is wrong", async () => {
    const folder = await folderWith({ ...shopProject, environment: [] });
    const ended = await setpoint(["up", "--port", "0"], { cwd: folder });
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(ended.stderr).toMatch(/setpoint\.config\.json: \/environment is not known here/);
  });

  test("a project file that what is stored does not allow is told in words, and the daemon runs", async () => {
    const folder = await folderWith(shopProject);
    const first = run(["up", "--port", "0"], folder);
    await first.seen(/Ctrl-C stops it/);
    first.process.kill("SIGTERM");
    await first.ended;
    const odd = { ...shopProject, schemas: { ...shopProject.schemas, odd: { type: "object", if: {} } } };
    await writeFile(join(folder, "setpoint.config.json"), JSON.stringify(odd));
    const up = run(["up", "--port", "0"], folder);
    await up.seen(/needs attention:\n +! .*setpoint\.config\.json [\s\S]*"if"/);
    await up.seen(/Ctrl-C stops it/);
    expect(jsonOf(await setpoint(["status"], { cwd: folder }))).toMatchObject({ health: { status: "degraded" } });
  });

  test("from a folder above, the daemon that runs is named, and what was looked at", async () => {
    const folder = await folderWith();
    const project = join(folder, "examples", "quickstart");
    await mkdir(project, { recursive: true });
    await writeFile(join(project, "setpoint.config.json"), JSON.stringify(shopProject));
    const nothing = await setpoint(["get"], { cwd: folder });
    expect(nothing.code).toBe(8);
    expect(nothing.stderr).toMatch(
      /looked at +SETPOINT_URL \(not set\), \.setpoint\/ here and in the parents, .*setpoint-none\/setpoint\n/,
    );
    expect(nothing.stderr).toContain("setpoint up");
    const up = run(["up", "--port", "0"], project);
    await up.seen(/Ctrl-C stops it/);
    expect((await setpoint(["get"], { cwd: folder })).stderr).toContain("`-C examples/quickstart`");
    expect((await setpoint(["get", "-C", "examples/quickstart"], { cwd: folder })).code).toBe(0);
    // A file that a killed daemon leaves behind is no daemon.
    const { pid } = await daemonOf(project);
    await writeFile(join(project, ".setpoint", "daemon.json"), JSON.stringify({ pid: 2 ** 30, url: "http://127.0.0.1:9" }));
    expect((await setpoint(["get"], { cwd: folder })).stderr).not.toContain("-C examples");
    expect(isAlive(pid)).toBe(true);
  });

  test("a token file that is gone: which daemon runs, and that its restart writes a new one", async () => {
    const folder = await folderWith(shopProject);
    const up = run(["up", "--port", "0"], folder);
    await up.seen(/Ctrl-C stops it/);
    const { pid, url } = await daemonOf(folder);
    await rm(join(folder, ".setpoint", "token"));
    const lost = await setpoint(["get"], { cwd: folder });
    expect(lost.code).toBe(8);
    expect(lost.stderr).toContain(`process ${pid}, ${url}`);
    expect(lost.stderr).toContain("restart the daemon");
    expect(lost.stderr).not.toContain("setpoint up");
    up.process.kill("SIGTERM");
    await up.ended;
    await run(["up", "--port", "0"], folder).seen(/Ctrl-C stops it/);
    expect((await setpoint(["get"], { cwd: folder })).code).toBe(0);
  });

  test("a second one for the same state says where the first is, and how to use it", async () => {
    const folder = await folderWith(shopProject);
    await run(["up", "--port", "0"], folder).seen(/Ctrl-C stops it/);
    const { url } = await daemonOf(folder);
    const second = await setpoint(["up", "--port", "0"], { cwd: folder });
    expect(second).toMatchObject({ code: 5, stdout: "" });
    expect(second.stderr).toContain(url);
    expect(second.stderr).toContain("setpoint status");
    expect((await setpoint(["status"], { cwd: folder })).code, "the first runs on").toBe(0);
  });

  test("a port that is taken: by whom, and what to do", async () => {
    const folder = await folderWith(shopProject);
    const other: Server = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => other.close());
    const { port } = other.address() as AddressInfo;
    const refused = await setpoint(["up", "--port", String(port)], { cwd: folder });
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain(`Port ${port} on 127.0.0.1 is taken`);
    expect(refused.stderr).toContain("--port N or SETPOINT_PORT=N");
    if (process.platform === "linux") expect(refused.stderr).toContain(`process ${process.pid}`);
  });

  test("a setting that is wrong is a usage error, before anything is made", async () => {
    const folder = await folderWith(shopProject);
    expect(await setpoint(["up", "--port", "many"], { cwd: folder })).toMatchObject({ code: 2, stdout: "" });
    expect(existsSync(join(folder, ".setpoint"))).toBe(false);
  });
});

describe("dev", () => {
  const app = `
    import { createServer } from "node:http";
    process.on("SIGTERM", () => process.exit(0));
    const server = createServer().listen(0, "127.0.0.1", () =>
      console.log("page", "http://127.0.0.1:" + server.address().port, process.env.SETPOINT_URL, process.env.SETPOINT_STATE_DIR, process.version));
  `;
  const manifest = { scripts: { serve: "node app.mjs" }, setpoint: { try: ["setpoint set shop.maxItems 25"] } };

  async function appFolder(script = app): Promise<string> {
    const folder = await folderWith(shopProject);
    await writeFile(join(folder, "app.mjs"), script);
    await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
    return folder;
  }

  test("runs the app beside the daemon on the same Node, prints what to try, and stops both", async () => {
    const folder = await appFolder();
    const dev = run(["dev", "--port", "0"], folder);
    await dev.seen(/Ctrl-C stops both/);
    const [, page = "", url, state, version] = await dev.seen(/page (\S+) (\S+) (\S+) (\S+)/);
    const daemon = await daemonOf(folder);
    expect([url, state, version]).toEqual([daemon.url, join(folder, ".setpoint"), process.version]);
    await dev.seen(/page [^]*setpoint set shop\.maxItems 25\n/);
    dev.process.kill("SIGINT");
    expect((await dev.ended).code).toBe(130);
    expect(isAlive(daemon.pid)).toBe(false);
    expect(await isListening(page)).toBe(false);
    expect(existsSync(join(folder, ".setpoint", "daemon.json"))).toBe(false);
  });

  test("an app that ends by itself takes the daemon with it and gives its exit code", async () => {
    const folder = await appFolder("console.error('no database'); process.exitCode = 7;");
    const ended = await run(["dev", "--port", "0"], folder).ended;
    expect(ended.code).toBe(7);
    expect(ended.stderr).toContain("no database");
    expect(ended.stderr).toMatch(/The app has ended \(code 7\); the daemon is stopped\.\n$/);
    expect(ended.stdout).toContain("Setpoint is running");
    expect(ended.stdout).not.toMatch(/Change something|Ctrl-C/);
    expect(existsSync(join(folder, ".setpoint", "daemon.json"))).toBe(false);
  });

  test("an app that ignores the order is killed by the second Ctrl-C, and the daemon with it", async () => {
    const folder = await appFolder(app.replace("process.exit(0)", "console.log('not yet')"));
    const dev = run(["dev", "--port", "0"], folder);
    await dev.seen(/Ctrl-C stops both/);
    const [, page = ""] = await dev.seen(/page (\S+)/);
    dev.process.kill("SIGINT");
    await dev.seen(/not yet/);
    dev.process.kill("SIGINT");
    expect((await dev.ended).code).toBe(130);
    // Killed is killed, but the system may take a moment to close what the app had open.
    await expect.poll(() => isListening(page), { timeout: 10_000 }).toBe(false);
  });

  test("a folder without such a script is a usage error that says what to write", async () => {
    const folder = await folderWith(shopProject);
    expect((await setpoint(["dev"], { cwd: folder })).stderr).toContain("package.json is not there");
    await writeFile(join(folder, "package.json"), "{}");
    const refused = await setpoint(["dev"], { cwd: folder });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('"serve"');
    expect(existsSync(join(folder, ".setpoint")), "nothing was started").toBe(false);
  });
});
