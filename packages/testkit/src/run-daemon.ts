import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";

export interface RunDaemonOptions {
  /** Folder of the project whose `setpoint.config.*` the daemon serves; none by default. */
  readonly project?: string;
  /** Where the daemon keeps its state; by default a fresh folder that is removed when the daemon has ended. */
  readonly stateDir?: string;
  /** TCP port on loopback; 0, the default, takes a free one. */
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Further arguments for `setpointd`. */
  readonly args?: readonly string[];
  /** The program to run; by default the workspace's own `setpointd`. */
  readonly bin?: string;
  /** How long the daemon may take until it is ready. */
  readonly readyTimeoutMs?: number;
}

export interface DaemonExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A real daemon in a process of its own. */
export interface RunningDaemon {
  readonly url: string;
  readonly token: string;
  readonly stateDir: string;
  /** Path of the Unix socket; empty where the daemon has none. */
  readonly socket: string;
  readonly pid: number;
  /** All that the daemon has written so far, both streams. */
  output(): string;
  /** Asks for an orderly end (SIGTERM), kills after ten seconds, and resolves when the process is gone. */
  stop(): Promise<DaemonExit>;
  /** Ends the process without warning, as a power failure would, and resolves when it is gone. */
  kill(): Promise<DaemonExit>;
  readonly exited: Promise<DaemonExit>;
}

const pollMs = 20;
const stopTimeoutMs = 10_000;

/** Starts `setpointd` and resolves when it answers that it is ready; rejects with its output when it ends or stays silent before. */
export async function runDaemon(options: RunDaemonOptions = {}): Promise<RunningDaemon> {
  const { project, port = 0, env = {}, args = [], readyTimeoutMs = 15_000 } = options;
  const stateDir = options.stateDir ?? (await mkdtemp(join(tmpdir(), "setpoint-state-")));
  const bin = options.bin ?? workspaceBin();

  const child = spawn(bin, ["--state-dir", stateDir, "--port", String(port), ...(project ? ["--project", project] : []), ...args], {
    env: { ...cleanEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let written = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (written += text));

  const killWithUs = (): boolean => child.kill("SIGKILL");
  process.on("exit", killWithUs);

  const exited = new Promise<DaemonExit>((resolve) => {
    child.on("error", (cause) => {
      written += `${bin} cannot be started: ${cause.message}\n`;
      resolve({ code: null, signal: null });
    });
    child.on("close", (code, signal) => resolve({ code, signal }));
  }).then(async (exit) => {
    process.off("exit", killWithUs);
    if (options.stateDir === undefined) await rm(stateDir, { recursive: true, force: true });
    return exit;
  });
  const end = (signal: NodeJS.Signals): Promise<DaemonExit> => {
    child.kill(signal);
    return exited;
  };
  const stop = (): Promise<DaemonExit> => {
    const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
    return end("SIGTERM").finally(() => clearTimeout(timer));
  };

  const giveUp = new AbortController();
  const early = exited.then((exit) => `setpointd ended before it was ready (${exit.signal ?? `code ${exit.code}`})`);
  const late = delay(readyTimeoutMs, `setpointd was not ready after ${readyTimeoutMs} ms`, { signal: giveUp.signal, ref: false });
  const outcome = await Promise.race([whenReady(stateDir, child.pid, giveUp.signal), early, late]);
  giveUp.abort();
  if (typeof outcome === "string") {
    await end("SIGKILL");
    throw new Error(`${outcome}:\n${written}`);
  }
  return { ...outcome, stateDir, output: () => written, stop, kill: () => end("SIGKILL"), exited };
}

type Address = Pick<RunningDaemon, "url" | "token" | "socket" | "pid">;

/** Resolves once the daemon's own files say where it is and `/readyz` there answers 200. A file left by an earlier daemon does not count. */
async function whenReady(stateDir: string, pid: number | undefined, signal: AbortSignal): Promise<Address> {
  while (!signal.aborted) {
    const address = await readAddress(stateDir).catch(() => undefined);
    if (address && address.pid === pid && (await isReady(address.url, signal))) return address;
    await delay(pollMs);
  }
  throw signal.reason;
}

async function readAddress(stateDir: string): Promise<Address> {
  const { pid, url, socket } = JSON.parse(await readFile(join(stateDir, "daemon.json"), "utf8")) as Record<string, unknown>;
  const token = (await readFile(join(stateDir, "token"), "utf8")).trim();
  return { pid: Number(pid), url: String(url), socket: typeof socket === "string" ? socket : "", token };
}

function isReady(url: string, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    request(`${url}/readyz`, { agent: false, signal }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    })
      .on("error", () => resolve(false))
      .end();
  });
}

/** What the developer's shell says about Setpoint must not reach a test's daemon. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("SETPOINT_")));
}

/** The `setpointd` that the workspace links, looked for from this file upwards. */
function workspaceBin(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const bin = join(folder, "node_modules", ".bin", "setpointd");
    if (existsSync(bin)) return bin;
    if (folder === dirname(folder)) throw new Error("No setpointd in node_modules/.bin: install the workspace first.");
  }
}
