import { createInterface } from "node:readline";
import { CliError } from "./cli-error.ts";
import { accessOptions, commandLine, pathFrom } from "./command-line.ts";
import { type Child, type DaemonFile, type Exit, isServing, readDaemonFile, startDaemonProcess, whenServing } from "./daemon-process.ts";
import type { DaemonPlan } from "./daemon-settings.ts";
import { escapeTerminal } from "./escape-terminal.ts";
import { exitCodes } from "./exit-codes.ts";
import type { GlobalOptions, Invocation } from "./invocation.ts";
import type { StopOrder } from "./stop-order.ts";

/** A daemon that serves, as a child of this process. */
export interface RunningProject {
  readonly child: Child;
  readonly url: string;
  readonly plan: DaemonPlan;
  /** An invocation whose commands reach this daemon. */
  readonly access: Invocation;
  /** What the daemon warned of before it served. */
  readonly warnings: readonly string[];
  /** Ends the daemon in an orderly way, unless it has ended, and resolves when it has. */
  stop(): Promise<Exit>;
}

/** How many of the daemon's last words are kept, to be shown if it ends. */
const wordsKept = 20;

/**
 * Starts the daemon and waits until it serves; `undefined` when the order to stop came first. The order ends it in any case.
 * Once it serves, its warnings and errors are told as they come.
 * @throws CliError with what the daemon said, when it ends before it serves
 */
export async function runProject(invocation: Invocation, plan: DaemonPlan, order: StopOrder): Promise<RunningProject | undefined> {
  const { cwd, env } = invocation;
  const child = await startDaemonProcess(plan.words, { cwd, env: { ...env } });
  void order.given.then(() => child.end("SIGTERM"));
  const lastWords: string[] = [];
  const early: string[] = [];
  let hears: (problem: string) => void = (problem) => early.push(problem);
  follow(child, invocation, plan.isLogged, {
    lastWord: (line) => {
      lastWords.push(line);
      if (lastWords.length > wordsKept) lastWords.shift();
    },
    problem: (words) => hears(words),
  });
  const file = await whenServing(child, plan.stateDir);
  if (order.exitCode() !== undefined) {
    await child.exited;
    return undefined;
  }
  if (!file) throw await notServing(invocation, plan, child, lastWords);
  const options: GlobalOptions = { color: true, input: true, ...accessOptions(cwd, { ...plan, url: file.url }) };
  const { output } = invocation;
  hears = (words) => output.note(`${output.noteStyle.yellow("daemon:")} ${escapeTerminal(words, "\n")}`);
  const stop = (): Promise<Exit> => {
    if (order.exitCode() === undefined) child.end("SIGTERM");
    return child.exited;
  };
  return { child, url: file.url, plan, access: { ...invocation, options }, warnings: early, stop };
}

/** Tells what the daemon says: its own log where it was asked for, else the problems in it. */
function follow(
  child: Child,
  { output }: Invocation,
  isLogged: boolean,
  hears: { readonly lastWord: (line: string) => void; readonly problem: (words: string) => void },
): void {
  const { stdout, stderr } = child.process;
  if (!stdout || !stderr) return;
  createInterface({ input: stdout }).on("line", (line) => {
    if (isLogged) return output.note(escapeTerminal(line));
    const problem = problemOf(line);
    if (problem !== undefined) hears.problem(problem);
  });
  createInterface({ input: stderr }).on("line", (line) => {
    hears.lastWord(line);
    if (isLogged) output.note(escapeTerminal(line));
  });
}

const warning = 40;

/** The words of a log line that is a warning or worse. */
function problemOf(line: string): string | undefined {
  try {
    const { level, msg } = JSON.parse(line) as { level?: number; msg?: string };
    return level !== undefined && level >= warning ? msg : undefined;
  } catch {
    return line;
  }
}

async function notServing({ cwd }: Invocation, plan: DaemonPlan, child: Child, lastWords: readonly string[]): Promise<CliError> {
  child.end("SIGTERM");
  const { code } = await child.exited;
  const holder = await readDaemonFile(plan.stateDir);
  if (holder && holder.pid !== child.pid && (await isServing(holder.url))) return alreadyServing(cwd, plan, holder);
  const words = lastWords.join("\n").replace(/^setpointd: /, "");
  return new CliError(
    code === exitCodes.usage ? exitCodes.usage : exitCodes.failed,
    escapeTerminal(words, "\n") || "The daemon ended before it served.",
    {
      fix: words === "" ? "--log-level debug shows more." : undefined,
    },
  );
}

function alreadyServing(cwd: string, plan: DaemonPlan, { pid, url }: DaemonFile): CliError {
  const options: GlobalOptions = { color: true, input: true, ...accessOptions(cwd, { ...plan, url }) };
  return new CliError(
    exitCodes.conflict,
    `A daemon serves ${escapeTerminal(pathFrom(cwd, plan.stateDir))} already, at ${escapeTerminal(url)} (process ${pid}).`,
    {
      rows: [["use it", commandLine({ cwd, options }, ["status"])]],
      fix: `kill ${pid} stops it; --state-dir keeps another store.`,
    },
  );
}
