import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { exitCodes } from "./exit-codes.ts";

const pollMs = 25;
/** How long a daemon may take until it serves; a large store is verified in the background, after that. */
const readyTimeoutMs = 60_000;

/** How a child process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child in a process group of its own, so that a Ctrl-C of the terminal reaches it only through us, once. */
export interface Child {
  readonly pid: number | undefined;
  readonly process: ChildProcess;
  readonly exited: Promise<Exit>;
  /** Asks the whole group to end; `SIGKILL` does not ask. */
  end(signal: "SIGTERM" | "SIGKILL"): void;
}

/** Starts a program as a child that does not outlive this process. */
export function startChild(
  program: string,
  words: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Child {
  const child = spawn(program, words, { ...options, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const end = (signal: "SIGTERM" | "SIGKILL"): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group is gone already.
    }
  };
  // Killed where the user insists (the second Ctrl-C), asked where this process ends for another reason, such as a closed terminal.
  const endWithUs = (code: number): void => end(code === exitCodes.interrupted ? "SIGKILL" : "SIGTERM");
  process.on("exit", endWithUs);
  const exited = new Promise<Exit>((resolve) => {
    child.on("error", () => resolve({ code: 127, signal: null }));
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  void exited.then(() => process.off("exit", endWithUs));
  return { pid: child.pid, process: child, exited, end };
}

/** The daemon that belongs to this program, started on the same Node. */
export async function startDaemonProcess(
  words: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Child> {
  const manifest = fileURLToPath(import.meta.resolve("setpointd/package.json"));
  const { bin } = JSON.parse(await readFile(manifest, "utf8")) as { bin: { setpointd: string } };
  return startChild(process.execPath, [join(manifest, "..", bin.setpointd), ...words], options);
}

/** What the daemon's own file says about it. */
export interface DaemonFile {
  readonly pid: number;
  readonly url: string;
}

/** Resolves when the daemon's file names this process and `/readyz` answers; `undefined` when it ended, or did not serve in time. */
export async function whenServing(child: Child, stateDir: string): Promise<DaemonFile | undefined> {
  const deadline = performance.now() + readyTimeoutMs;
  let hasEnded = false;
  void child.exited.then(() => (hasEnded = true));
  while (!hasEnded && performance.now() < deadline) {
    const file = await readDaemonFile(stateDir);
    if (file?.pid === child.pid && file && (await isServing(file.url))) return file;
    await delay(pollMs);
  }
  return undefined;
}

export async function readDaemonFile(stateDir: string): Promise<DaemonFile | undefined> {
  try {
    return JSON.parse(await readFile(join(stateDir, "daemon.json"), "utf8")) as DaemonFile;
  } catch {
    return undefined;
  }
}

/** Whether a process of this number lives, also one of another user. */
export function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (fault) {
    return (fault as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Whether something answers there; also a refusal of the Host header, as where it listens on every address, is an answer. */
export async function isServing(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })).status !== 503;
  } catch {
    return false;
  }
}
