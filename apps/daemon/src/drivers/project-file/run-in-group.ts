import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";

export interface GroupRun {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  /** Bytes taken from descriptor 3. */
  readonly bytesMax: number;
}

/** How a run ended: with what came over descriptor 3, cut off at a limit, or never begun. */
export type GroupOutcome =
  | { readonly state: "ended"; readonly text: string; readonly words: string }
  | { readonly state: "cut" }
  | { readonly state: "not-started"; readonly cause: Error };

/** How long what a program leaves behind may hold its output open after it has ended. */
const graceMs = 250;
/** What is kept of the standard error. */
const wordsMax = 4_000;

/** Runs a Node program in a process group of its own, of which nothing is left when this resolves or this process exits. */
export function runInGroup(parameters: readonly string[], { cwd, env, timeoutMs, bytesMax }: GroupRun): Promise<GroupOutcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, parameters, { cwd, env, detached: true, stdio: ["ignore", "ignore", "pipe", "pipe"] });
    const output = child.stdio[3] as Readable;
    const chunks: Buffer[] = [];
    let size = 0;
    let words = "";
    let grace: NodeJS.Timeout | undefined;
    let isSettled = false;

    const kill = () => killGroup(child);
    const settle = (outcome: GroupOutcome) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      clearTimeout(grace);
      process.off("exit", kill);
      kill();
      output.destroy();
      child.stderr?.destroy();
      resolve(outcome);
    };
    const end = () => settle({ state: "ended", text: Buffer.concat(chunks).toString("utf8"), words: words.trim() });
    const timer = setTimeout(() => settle({ state: "cut" }), timeoutMs);
    process.on("exit", kill);

    output.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > bytesMax) settle({ state: "cut" });
      else chunks.push(chunk);
    });
    child.stderr?.on("data", (chunk: Buffer) => (words = (words + chunk.toString("utf8")).slice(-wordsMax)));
    child.on("error", (cause) => settle({ state: "not-started", cause }));
    // A process that the program started may have its output and never close it.
    child.on("exit", () => {
      if (!isSettled) grace = setTimeout(end, graceMs);
    });
    child.on("close", end);
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    // Where there are no process groups, what is left of the program itself.
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
  } catch {
    // Nobody is left.
  }
}
