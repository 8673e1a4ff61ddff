import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findChromium } from "@setpoint/testkit/chromium";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const setpoint = join(root, "node_modules/.bin/setpoint");

let state: string;
let program: ChildProcess;
let output = "";
let browser: Browser;
let page: Page;
const complaints: string[] = [];
const origins = new Set<string>();

/** What `npm start` runs, on free ports and with a state folder of its own. */
beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "setpoint-main-job-"));
  program = spawn(setpoint, ["dev", "examples/quickstart", "--port", "0"], {
    cwd: root,
    env: { ...process.env, SETPOINT_STATE_DIR: state, STOREFRONT_PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const shop = new Promise<string>((resolve, reject) => {
    for (const stream of [program.stdout, program.stderr]) {
      stream?.setEncoding("utf8").on("data", (chunk: string) => {
        output += chunk;
        const [, url] = /shop is open at (http:\/\/127\.0\.0\.1:\d+)/.exec(output) ?? [];
        if (url) resolve(url);
      });
    }
    program.on("exit", () => reject(new Error(`setpoint dev ended:\n${output}`)));
  });
  const url = await shop;
  browser = await chromium.launch(await findChromium());
  page = await browser.newPage();
  page.on("console", (message) => void (message.type() === "error" && complaints.push(message.text())));
  page.on("pageerror", (error) => void complaints.push(error.message));
  page.on("request", (request) => void origins.add(new URL(request.url()).origin));
  page.on("websocket", (socket) => void origins.add(new URL(socket.url()).origin.replace("ws", "http")));
  await page.goto(url);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  if (program.exitCode === null) {
    const exited = once(program, "exit");
    program.kill("SIGINT");
    await exited;
  }
  await rm(state, { recursive: true, force: true });
});

/** Runs the command line as a person would, and gives what it printed. */
async function run(...words: string[]): Promise<any> {
  const { stdout } = await promisify(execFile)(setpoint, [...words, "--json"], {
    cwd: root,
    env: { ...process.env, SETPOINT_STATE_DIR: state },
  });
  return JSON.parse(stdout);
}

/** When a text first stood on the page, by the page's clock, which is this machine's. */
function whenShown(text: string): Promise<number> {
  return page.evaluate(
    (wanted) =>
      new Promise<number>((resolve) => {
        const look = () => document.body.textContent.includes(wanted) && (observer.disconnect(), resolve(Date.now()));
        const observer = new MutationObserver(look);
        observer.observe(document.body, { subtree: true, childList: true, characterData: true });
        look();
      }),
    text,
  );
}

test("a value changed on the command line stands on the open page, and a rollback takes it back, without a reload", async () => {
  const before = (await run("get", "shop.banner")).value ?? (await page.locator(".banner p").textContent());
  await expect.poll(() => page.locator(".banner p").textContent()).toBe(before);
  await page.evaluate(() => void Object.assign(window, { unloaded: false }));

  const text = "The kiln opens on Saturday";
  const shown = whenShown(text);
  const { revision } = await run("set", "shop.banner", text);
  const history: any = await run("history", "--limit", "1");
  const [newest] = history.revisions;
  expect(newest).toMatchObject({ revision, origin: "cli" });
  const took = (await shown) - Date.parse(newest.at);
  expect(took).toBeGreaterThanOrEqual(0);
  process.stdout.write(`from the commit to the page: ${took} ms\n`);

  // The same value reaches the server's own answers, and the page that is asked for anew.
  expect(await page.evaluate(() => fetch("/api/products").then((response) => response.status))).toBe(200);
  const fresh = await browser.newPage();
  await fresh.goto(page.url());
  expect(await fresh.locator(".banner p").textContent()).toBe(text);
  await fresh.close();

  const back = whenShown(before);
  await run("rollback", String(revision - 1), "--yes");
  await back;
  expect(await page.locator(".banner p").textContent()).toBe(before);
  expect(await page.evaluate(() => (window as unknown as { unloaded: boolean }).unloaded)).toBe(false);
});

test("a price follows the discount on the page and in the API alike", async () => {
  const prices = async () =>
    (await page.evaluate(() => fetch("/api/products").then((response) => response.json()))).products.map(({ price }: any) => price);
  const full = await prices();
  await run("set", "shop.discountPercent", "50");
  await expect.poll(prices).not.toEqual(full);
  await expect.poll(() => page.locator("body").textContent()).toContain("50");
  await run("unset", "shop.discountPercent");
  await expect.poll(prices).toEqual(full);
});

test("the page talks to its own origin only, complains of nothing, and never sees the daemon's token", async () => {
  const token = (await readFile(join(state, "token"), "utf8")).trim();
  expect([...origins]).toEqual([new URL(page.url()).origin]);
  expect(complaints).toEqual([]);
  expect(await page.content()).not.toContain(token);
  expect(await page.content()).not.toContain("paymentTimeoutMs");
  const stored = await page.evaluate(() => JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), document.cookie]));
  expect(stored).not.toContain("sp_");
});

test("the page goes on without the daemon, says so, and is live again by itself", async () => {
  const { pid } = JSON.parse(await readFile(join(state, "daemon.json"), "utf8"));
  const text = await page.locator(".banner p").textContent();
  process.kill(pid, "SIGSTOP");
  try {
    expect(await page.evaluate(() => fetch("/api/products").then((response) => response.status))).toBe(200);
    expect(await page.locator(".banner p").textContent()).toBe(text);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  const shown = whenShown("After the pause");
  await run("set", "shop.banner", "After the pause");
  await shown;
});

test("Ctrl-C stops the storefront and the daemon, and leaves nothing behind that says it runs", async () => {
  const { pid } = JSON.parse(await readFile(join(state, "daemon.json"), "utf8"));
  const exited = once(program, "exit");
  program.kill("SIGINT");
  const [code] = await exited;
  expect([0, 130]).toContain(code);
  expect(existsSync(join(state, "daemon.json"))).toBe(false);
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  await expect(fetch(page.url())).rejects.toThrow("fetch failed");
});
