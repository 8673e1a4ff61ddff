import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type RunningDaemon, runDaemon } from "@setpoint/testkit/run-daemon";

export const bin = fileURLToPath(new URL("../bin/setpoint.js", import.meta.url));

export interface ProcessOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input; without it there is none. */
  readonly input?: string;
}

/** How one run of the program ended, and what it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run of the program that goes on. */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when the output so far matches. */
  seen(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Starts the real program as a process of its own, without what the developer's shell says about Setpoint. */
export function start(words: readonly string[], options: ProcessOptions = {}): Running {
  return follow(
    spawn(process.execPath, [bin, ...words], { cwd: options.cwd ?? tmpdir(), env: environment(options), stdio: "pipe" }),
    options.input,
  );
}

/** Runs the program to its end. */
export function setpoint(words: readonly string[], options: ProcessOptions = {}): Promise<Ended> {
  return start(words, options).ended;
}

export const hasTerminal = process.platform === "linux" && existsSync("/usr/bin/script");

/** Starts the program on a terminal of its own; what it writes to either stream comes on standard output. */
export function startOnTerminal(words: readonly string[], options: ProcessOptions = {}): Running {
  const command = [process.execPath, bin, ...words].map((word) => `'${word}'`).join(" ");
  const child = spawn("/usr/bin/script", ["-qec", command, "/dev/null"], {
    cwd: options.cwd ?? tmpdir(),
    env: environment(options),
    stdio: "pipe",
  });
  return follow(child, undefined);
}

function environment({ env }: ProcessOptions): NodeJS.ProcessEnv {
  const clean = Object.entries(process.env).filter(([name]) => !/^(SETPOINT_|NO_COLOR$|FORCE_COLOR$|XDG_|TERM$)/.test(name));
  return { ...Object.fromEntries(clean), TERM: "xterm-256color", XDG_STATE_HOME: join(tmpdir(), "setpoint-none"), ...env };
}

function follow(child: ChildProcess, input: string | undefined): Running {
  let stdout = "";
  let stderr = "";
  let watchers: (() => void)[] = [];
  const hear = (): void => {
    for (const watcher of watchers) watcher();
  };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    hear();
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    hear();
  });
  child.stdin?.on("error", () => {});
  if (input !== undefined) child.stdin?.end(input);
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
  return {
    process: child,
    ended,
    seen: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(stdout + stderr);
          if (!match) return;
          watchers = watchers.filter((watcher) => watcher !== look);
          resolve(match);
        };
        watchers.push(look);
        look();
        void ended.then(() => reject(new Error(`It ended without ${String(pattern)}:\n${stdout}${stderr}`)));
      }),
  };
}

export const shopProject = {
  environments: [{ name: "base" }, { name: "dev", parent: "base" }, { name: "production", parent: "base", isProduction: true }],
  defaultEnvironment: "dev",
  schemas: {
    shop: {
      type: "object",
      properties: {
        maxItems: { type: "integer", minimum: 1, maximum: 100, default: 10 },
        isOpen: { type: "boolean", default: true },
        banner: { type: "string", default: "hi" },
        limits: { type: "object", default: {} },
        fees: {
          type: "array",
          default: [],
          items: { type: "object", properties: { region: { type: "string" }, fee: { type: "number", minimum: 0 } } },
        },
        apiKey: { type: "string", "x-setpoint-sensitive": true },
      },
    },
  },
};

/** A folder of its own with a project file in it, or with none. */
export async function projectFolder(project?: unknown): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "setpoint-cli-"));
  if (project !== undefined) await writeFile(join(folder, "setpoint.config.json"), JSON.stringify(project));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** A daemon for the shop, and the program as it is called beside it. */
export interface Shop {
  readonly daemon: RunningDaemon;
  readonly env: Readonly<Record<string, string>>;
  run(words: readonly string[], options?: ProcessOptions): Promise<Ended>;
  close(): Promise<void>;
}

export async function openShop(): Promise<Shop> {
  const { folder, remove } = await projectFolder(shopProject);
  const daemon = await runDaemon({ project: folder, stateDir: join(folder, ".setpoint") });
  const env = { SETPOINT_STATE_DIR: daemon.stateDir };
  return {
    daemon,
    env,
    run: (words, options = {}) => setpoint(words, { ...options, env: { ...env, ...options.env } }),
    close: async () => {
      await daemon.stop();
      await remove();
    },
  };
}

/** The one JSON document that a run wrote. */
export function jsonOf<T = Record<string, unknown>>({ stdout }: Ended): T {
  return JSON.parse(stdout) as T;
}
