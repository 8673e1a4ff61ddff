import { mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { startDaemon } from "../src/daemon.ts";
import { readSettings, settingRows, type Settings, settingsHelp } from "../src/settings.ts";
import { serve, type Served, shopProject } from "./serve.ts";

let running: Served[] = [];
const started = async (...given: Parameters<typeof serve>) => {
  const daemon = await serve(...given);
  running.push(daemon);
  return daemon;
};
const restarted = async (daemon: Served, project: unknown) => {
  const next = await daemon.restart(project);
  running = running.map((other) => (other === daemon ? next : other));
  return next;
};
afterEach(async () => {
  for (const daemon of running.splice(0)) await daemon.stop();
});

describe("a first start", () => {
  it("makes private files that tell clients where it is", async () => {
    const daemon = await started();
    const state = join(daemon.folder, "state");
    expect(daemon.token).toMatch(/^sp_[^_]+_[A-Za-z0-9_-]{43}$/);
    expect(((await stat(state)).mode & 0o777).toString(8)).toBe("700");
    for (const file of ["token", "daemon.json", "setpoint.db"])
      expect(((await stat(join(state, file))).mode & 0o077).toString(8)).toBe("0");
    const file = JSON.parse(await readFile(join(state, "daemon.json"), "utf8"));
    expect(file).toMatchObject({ pid: process.pid, url: daemon.url, socket: expect.stringContaining(".sock"), version: "0.0.0-test" });
    expect((await daemon.get("/v1/revisions")).json.revisions).toMatchObject([{ revision: 1, by: { kind: "system" }, origin: "project" }]);
  });

  it("serves its Unix socket without a Host check, with the token", async () => {
    const daemon = await started();
    const ask = (headers: Record<string, string>) =>
      new Promise<number>((resolve, reject) => {
        request({ socketPath: daemon.daemon.socket, path: "/v1/environments", headers }, (response) =>
          resolve(response.resume().statusCode ?? 0),
        )
          .on("error", reject)
          .end();
      });
    expect(await ask({ host: "anything", authorization: `Bearer ${daemon.token}` })).toBe(200);
    expect(await ask({ host: "anything" })).toBe(401);
  });

  it("without a project has the environment base and no schema", async () => {
    const daemon = await started(null);
    expect((await daemon.get("/v1/environments")).json.environments).toMatchObject([{ name: "base", parent: null }]);
    expect((await daemon.get("/v1/schemas")).json).toEqual({ schemas: [] });
    expect((await daemon.get("/readyz")).json).toMatchObject({ status: "ok", problems: [] });
  });

  it("takes a free port for 0 and says by whom a port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const folder = await mkdtemp(join(tmpdir(), "setpoint-port-"));
    const settings = readSettings({ stateDir: join(folder, "state"), port: String(port) }, {}, folder);
    await expect(startDaemon(settings, "0", pino({ level: "silent" }))).rejects.toThrow(
      process.platform === "linux" ? `Port ${port} on 127.0.0.1 is taken by process ${process.pid}` : `Port ${port} on 127.0.0.1 is taken`,
    );
    other.close();
    // Nothing is left behind that would be in the way of the next start.
    const daemon = await startDaemon({ ...settings, port: 0 }, "0", pino({ level: "silent" }));
    await daemon.close();
    await rm(folder, { recursive: true, force: true });
  });
});

describe("the project file", () => {
  it("that says what it said commits nothing, even if the store was edited since", async () => {
    const first = await started();
    await first.call("PUT", "/v1/schemas/mail", {
      body: { type: "object", properties: { from: { type: "string" }, more: { type: "integer" } } },
    });
    const daemon = await restarted(first, shopProject);
    expect((await daemon.get("/readyz")).json.revision).toBe(2);
    expect((await daemon.get("/v1/schemas/mail")).json.properties).toHaveProperty("more");
  });

  it("that has changed is one commit, and environments missing from it are kept", async () => {
    const first = await started();
    const { environments, schemas } = structuredClone(shopProject);
    Object.assign(schemas.shop.properties, { color: { enum: ["red", "blue"], default: "red" } });
    const daemon = await restarted(first, {
      environments: [...environments.filter(({ name }: { name: string }) => name !== "vault"), { name: "eu", parent: "base" }],
      defaultEnvironment: "eu",
      schemas,
    });
    expect((await daemon.get("/v1/revisions/2")).json).toMatchObject({ by: { kind: "system" }, changes: [{ key: "eu" }, { key: "shop" }] });
    const names = (await daemon.get("/v1/environments")).json.environments.map(({ name }: { name: string }) => name);
    expect(names[0]).toBe("eu");
    expect(names).toContain("vault");
    expect((await daemon.get("/v1/environments/dev/values/shop.color")).json.value).toBe("red");
  });

  it("that would make stored state invalid leaves the stored schema in force, and health says so", async () => {
    const first = await started();
    await first.put("shop.maxItems", 90);
    const narrower = structuredClone(shopProject);
    narrower.schemas.shop.properties.maxItems.maximum = 50;
    const daemon = await restarted(first, narrower);
    const ready = (await daemon.get("/readyz")).json;
    expect(ready).toMatchObject({ status: "degraded", problems: [{ code: "project_refused" }] });
    expect(ready.problems[0].detail).toContain("shop.maxItems");
    expect((await daemon.put("shop.maxItems", 95)).status).toBe(200);
    const mended = await restarted(daemon, shopProject);
    expect((await mended.get("/readyz")).json.status).toBe("ok");
  });

  it.each([
    ["an unknown member", { environment: [] }, "/environment"],
    ["an unknown parent", { environments: [{ name: "a", parent: "b" }] }, "/environments/0"],
    ["a default environment that is none", { environments: [{ name: "a" }], defaultEnvironment: "b" }, "/defaultEnvironment"],
  ])("with %s stops the start and names the place", async (_what, project, path) => {
    const folder = await mkdtemp(join(tmpdir(), "setpoint-project-"));
    await expect(serve(project, folder)).rejects.toThrow(path);
    const daemon = await serve(shopProject, folder);
    await expect(daemon.restart(project)).rejects.toThrow(path);
    await started(shopProject, folder);
  });

  it("with a schema that is none, or that fails, ends a first start and degrades a later one", async () => {
    const folder = await mkdtemp(join(tmpdir(), "setpoint-project-"));
    const wrong = { schemas: { shop: { type: "object", properties: { constructor: { type: "string" } } } } };
    await expect(serve(wrong, folder)).rejects.toThrow("constructor");
    const daemon = await restarted(await started(shopProject, folder), wrong);
    expect((await daemon.get("/readyz")).json).toMatchObject({ status: "degraded", problems: [{ code: "project_refused" }] });
    expect((await daemon.get("/v1/environments/dev/values/shop.maxItems")).status).toBe(200);
  });

  it("in TypeScript is evaluated, and says what Node cannot run", async () => {
    const folder = await mkdtemp(join(tmpdir(), "setpoint-project-"));
    await writeFile(
      join(folder, "setpoint.config.ts"),
      `console.log("noise"); const name: string = "solo"; export default { environments: [{ name }], schemas: {} };`,
    );
    const daemon = await started(null, folder);
    expect((await daemon.get("/v1/environments")).json.environments).toMatchObject([{ name: "solo" }]);
    await writeFile(join(folder, "setpoint.config.ts"), `enum E { A } export default { environments: [{ name: "x" }] };`);
    const broken = await restarted(daemon, null);
    expect((await broken.get("/readyz")).json.problems[0].detail).toContain("enums");
    expect((await broken.get("/v1/environments")).json.environments).toMatchObject([{ name: "solo" }]);
  });
});

describe("a token file that was deleted", () => {
  it("retires the token that was in it, and makes one that is valid", async () => {
    const first = await started();
    await first.put("shop.maxItems", 20);
    await rm(join(first.folder, "state", "token"));
    const daemon = await restarted(first, shopProject);
    expect(daemon.token).not.toBe(first.token);
    const ask = async (token: string) => (await daemon.get("/v1/environments", { authorization: `Bearer ${token}` })).status;
    expect([await ask(first.token), await ask(daemon.token)]).toEqual([401, 200]);
    const again = await restarted(daemon, shopProject);
    expect((await again.get("/v1/environments", { authorization: `Bearer ${first.token}` })).status).toBe(401);
    // Who retired it stands in the history, without a token in it.
    expect((await again.get("/v1/revisions/3")).json).toMatchObject({ comment: "First token", by: { kind: "system" }, changes: [] });
    expect((await again.get("/readyz")).json.revision).toBe(3);
  });
});

describe("a second daemon", () => {
  it("is refused with the first one's pid", async () => {
    const daemon = await started();
    const settings = readSettings({ stateDir: join(daemon.folder, "state"), port: "0" }, {}, daemon.folder);
    await expect(startDaemon(settings, "0", pino({ level: "silent" }))).rejects.toThrow(String(process.pid));
    expect((await daemon.get("/livez")).status).toBe(200);
  });
});

describe("a log that ends too early", () => {
  it("or is missing is declared and never taken for a first start", async () => {
    const first = await started();
    await first.put("shop.maxItems", 20);
    const state = join(first.folder, "state");
    await first.daemon.close();
    running = [];
    await rm(join(state, "setpoint.db"));
    const settings = readSettings({ stateDir: state, port: "0" }, {}, first.folder);
    await expect(startDaemon(settings, "0", pino({ level: "silent" }))).rejects.toThrow(/2/);
    await rm(first.folder, { recursive: true, force: true });
  });
});

describe("a store whose newest entry is damaged", () => {
  it.each([
    ["an altered header", "UPDATE entries SET header = replace(header, 'first-token', 'x') || ' ' WHERE revision = 3"],
    ["an altered hash", "UPDATE entries SET hash = replace(hash, substr(hash, 1, 1), 'g') WHERE revision = 3"],
    ["NUL bytes for a hash", "UPDATE entries SET hash = CAST(zeroblob(64) AS TEXT) WHERE revision = 3"],
    ["an altered hash before it", "UPDATE entries SET hash = upper(hash) WHERE revision = 2"],
    ["no entry before it", "DELETE FROM entries WHERE revision = 2"],
  ])("by %s is refused, naming the revision and a way out", async (_what, sql) => {
    const daemon = await serve();
    await daemon.put("shop.maxItems", 20);
    await daemon.put("shop.maxItems", 30);
    const path = join(daemon.folder, "state", "setpoint.db");
    await daemon.daemon.close();
    const database = new DatabaseSync(path);
    database.exec(sql);
    database.close();
    await expect(serve(null, daemon.folder)).rejects.toMatchObject({
      code: "store_unavailable",
      message: expect.stringMatching(/revision 3.*backup/),
    });
    await rm(daemon.folder, { recursive: true, force: true });
  });

  it.each([100, 3_000, 4_096, 9_000])("by the loss of its last %i bytes is refused in words", async (lost) => {
    const daemon = await serve();
    for (let value = 1; value <= 40; value += 1) await daemon.put("shop.maxItems", value);
    const path = join(daemon.folder, "state", "setpoint.db");
    await daemon.daemon.close();
    await truncate(path, (await stat(path)).size - lost);
    await expect(serve(null, daemon.folder)).rejects.toMatchObject({
      code: "store_unavailable",
      message: expect.stringMatching(/backup|malformed/),
    });
    await rm(daemon.folder, { recursive: true, force: true });
  });
});

describe("what the daemon cannot have", () => {
  const attempt = async (given: Partial<Settings>, prepare: (state: string) => Promise<unknown> = async () => {}) => {
    const folder = await mkdtemp(join(tmpdir(), "setpoint-refused-"));
    await mkdir(join(folder, "state"), { mode: 0o700 });
    await prepare(join(folder, "state"));
    try {
      const settings = { ...readSettings({ stateDir: join(folder, "state"), port: "0" }, {}, folder), ...given };
      await (await startDaemon(settings, "0", pino({ level: "silent" }))).close();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };

  it.each(["192.0.2.1", "no-such-host.invalid", "not a host"])("as its address, %j, is told with the setting", async (host) => {
    await expect(attempt({ host })).rejects.toMatchObject({
      code: "invalid_request",
      message: expect.stringMatching(/Cannot listen on .*--host HOST \(SETPOINT_HOST\)/),
    });
  });

  it.each(["daemon.json.new", "token.new"])("as a file, %s, is told with its path", async (name) => {
    await expect(attempt({}, (state) => mkdir(join(state, name)))).rejects.toMatchObject({
      code: "store_unavailable",
      message: expect.stringContaining(name.replace(".new", "")),
    });
  });
});

describe("settings", () => {
  it("take an empty flag as none", () => {
    expect(readSettings({ host: "", port: "", stateDir: "" }, {}, tmpdir())).toEqual(readSettings({}, {}, tmpdir()));
    expect(readSettings({ host: "" }, { SETPOINT_HOST: "::1" }, tmpdir()).host).toBe("::1");
  });

  it("take a project file for its folder, and no other file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "setpoint-project-"));
    await writeFile(join(folder, "setpoint.config.json"), "{}");
    await writeFile(join(folder, "other.json"), "{}");
    expect(readSettings({ project: join(folder, "setpoint.config.json") }, {}, tmpdir())).toEqual(
      readSettings({ project: folder }, {}, tmpdir()),
    );
    expect(() => readSettings({ project: "other.json" }, {}, folder)).toThrow("--project");
    await rm(folder, { recursive: true, force: true });
  });

  it("come from flags before variables before defaults, and every one is in the help text", () => {
    expect(readSettings({ port: "1" }, { SETPOINT_PORT: "2" }, tmpdir()).port).toBe(1);
    expect(readSettings({}, { SETPOINT_PORT: "2" }, tmpdir()).port).toBe(2);
    expect(readSettings({}, {}, tmpdir())).toMatchObject({ port: 4747, host: "127.0.0.1", allowedHosts: [], allowedOrigins: [] });
    for (const { flag, variable } of Object.values(settingRows)) {
      expect(settingsHelp()).toContain(`--${flag} `);
      expect(settingsHelp()).toContain(variable);
    }
  });

  it.each([
    [{ port: "x" }, "--port (SETPOINT_PORT)"],
    [{ port: "65536" }, "--port"],
    [{ project: "/nowhere/at/all" }, "--project"],
    [{ project: import.meta.filename }, "--project"],
    [{ logLevel: "loud" }, "--log-level"],
    [{ allowedOrigins: "*" }, "--allowed-origins"],
  ])("refuse %j by name", (given, words) => {
    expect(() => readSettings(given, {}, tmpdir())).toThrow(words);
  });
});
