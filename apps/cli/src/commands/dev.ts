import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CliError } from "../cli-error.ts";
import { commandLine, pathFrom } from "../command-line.ts";
import { daemonSettings, planDaemon } from "../daemon-settings.ts";
import { type Child, type Exit, startChild } from "../daemon-process.ts";
import { escapeTerminal } from "../escape-terminal.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import type { Define, Invocation } from "../invocation.ts";
import { projectLines, readProjectState } from "../project-words.ts";
import { type RunningProject, runProject } from "../run-project.ts";
import { examples } from "../shared-options.ts";
import { stopOrder } from "../stop-order.ts";

type DevOptions = Readonly<Record<string, string | undefined>>;

/** How long the app may stay silent before the hints are printed all the same. */
const firstWordsMs = 3_000;
/** How long after the app's first words its other first words may take. */
const settleMs = 150;

export const defineDev: Define = (command, act) => {
  examples(command, ["setpoint dev", "setpoint dev examples/quickstart", "SETPOINT_PORT=5000 setpoint dev"]).argument(
    "[folder]",
    "the project's folder, with a script `serve` in its package.json",
  );
  daemonSettings(command)
    .addHelpText(
      "after",
      "\nThe script gets SETPOINT_URL and SETPOINT_STATE_DIR; daemon and app stop together. Ctrl-C stops, a second one kills.",
    )
    .action((folder: string | undefined, options: DevOptions) =>
      act(command, (invocation) => dev(invocation, folder, options), { piped: "text" }),
    );
};

async function dev(invocation: Invocation, folder: string | undefined, options: DevOptions): Promise<ExitCode> {
  const { cwd, output } = invocation;
  const plan = planDaemon(invocation, folder, options);
  const app = await readApp(plan.project, cwd);
  const order = stopOrder(output);
  const running = await runProject(invocation, plan, order);
  if (!running) return exitCodes.interrupted;
  try {
    const state = await readProjectState(running);
    const child = startApp(running, app.serve, invocation);
    void order.given.then(() => child.end("SIGTERM"));
    if (output.mode !== "json") output.result({ json: state, text: (style) => [...projectLines(state, cwd, style), ""] });
    const firstWords = forward(child, invocation);
    const silence = new AbortController();
    await Promise.race([firstWords, child.exited, order.given, delay(firstWordsMs, undefined, { signal: silence.signal }).catch(() => {})]);
    silence.abort();
    const hasEnded = child.process.exitCode !== null || child.process.signalCode !== null;
    const hints = hasEnded
      ? []
      : app.hints.length === 0
        ? state.next.slice(1, 2)
        : app.hints.map((hint) => pasteable(hint, running.access));
    output.result({
      json: { ...state, try: hints },
      // To one whose app is gone there is nothing to say about using it.
      text: ({ bold, cyan, dim }) =>
        hasEnded
          ? []
          : [
              "",
              ...(hints.length === 0 ? [] : [`  ${bold("Change something, and watch:")}`, ...hints.map((hint) => `    ${cyan(hint)}`), ""]),
              dim("  Ctrl-C stops both."),
            ],
    });
    return await ending(child, running, invocation, order.exitCode);
  } finally {
    await running.stop();
  }
}

/** What a project's package.json says about its app. */
interface App {
  readonly serve: string;
  /** Commands worth trying, as the project's author wrote them. */
  readonly hints: readonly string[];
}

async function readApp(project: string, cwd: string): Promise<App> {
  const path = join(project, "package.json");
  const place = { cwd, options: { color: true, input: true } };
  const fix = `Add one: "scripts": { "serve": "node server.ts" }; or run the daemon alone: ${commandLine(place, ["up", pathFrom(cwd, project)])}`;
  let manifest: { scripts?: { serve?: unknown }; setpoint?: { try?: unknown } };
  try {
    manifest = JSON.parse(await readFile(path, "utf8")) as typeof manifest;
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const words = isMissing ? "is not there" : `cannot be read: ${(cause as Error).message}`;
    throw new CliError(exitCodes.usage, `${escapeTerminal(pathFrom(cwd, path))} ${escapeTerminal(words)}, so there is no app to run.`, {
      fix,
      cause,
    });
  }
  const serve = manifest.scripts?.serve;
  if (typeof serve !== "string")
    throw new CliError(exitCodes.usage, `${escapeTerminal(pathFrom(cwd, path))} has no script "serve".`, { fix });
  const hints = manifest.setpoint?.try;
  return { serve, hints: Array.isArray(hints) ? hints.filter((hint) => typeof hint === "string") : [] };
}

/** Runs the script as a package manager would: by a shell, in the folder, with its programs and this Node first on PATH. */
function startApp({ plan, url }: RunningProject, script: string, { env, stdout }: Invocation): Child {
  const folders: string[] = [];
  for (let folder = plan.project; ; folder = dirname(folder)) {
    if (basename(folder) !== "node_modules") folders.push(join(folder, "node_modules", ".bin"));
    if (folder === dirname(folder)) break;
  }
  const colour = stdout.isTTY && !env["NO_COLOR"] ? { FORCE_COLOR: env["FORCE_COLOR"] ?? "1" } : {};
  return startChild("/bin/sh", ["-c", script], {
    cwd: plan.project,
    env: {
      ...env,
      ...colour,
      PATH: [...folders, dirname(process.execPath), env["PATH"] ?? ""].join(":"),
      SETPOINT_URL: url,
      SETPOINT_STATE_DIR: plan.stateDir,
      // A token of the shell is for another daemon.
      SETPOINT_TOKEN: undefined,
      SETPOINT_TOKEN_FILE: undefined,
    },
  });
}

/** Hands on what the app prints, as it is; resolves a moment after its first words. */
function forward({ process: { stdout, stderr } }: Child, { stdout: out, stderr: err, output }: Invocation): Promise<void> {
  // With --json, standard output is the result alone.
  stdout?.pipe(output.mode === "json" ? err : out, { end: false });
  stderr?.pipe(err, { end: false });
  return new Promise((resolve) => {
    stdout?.once("data", () => void delay(settleMs).then(resolve));
  });
}

/** A hint's `setpoint …` as it has to be typed here. */
function pasteable(hint: string, { cwd, options }: Invocation): string {
  const line = commandLine({ cwd, options }, []);
  return /^setpoint\s/.test(hint) ? escapeTerminal(`${line} ${hint.slice("setpoint ".length).trimStart()}`) : escapeTerminal(hint);
}

/** Waits for whichever ends first and ends the other. */
async function ending(
  child: Child,
  running: RunningProject,
  { output }: Invocation,
  orderedExitCode: () => ExitCode | undefined,
): Promise<ExitCode> {
  const first = await Promise.race([
    child.exited.then((exit) => ({ who: "app" as const, exit })),
    running.child.exited.then((exit) => ({ who: "daemon" as const, exit })),
  ]);
  if (orderedExitCode() === undefined && first.who === "daemon") child.end("SIGTERM");
  await Promise.all([child.exited, running.stop()]);
  const ordered = orderedExitCode();
  if (ordered !== undefined) return ordered;
  const how = first.exit.signal ?? `code ${first.exit.code}`;
  if (first.who === "daemon") throw new CliError(exitCodes.failed, `The daemon has ended by itself (${how}).`);
  output.note(`The app has ended (${how}); the daemon is stopped.`);
  return codeOf(first.exit);
}

/** The app's own exit code, whatever it is; a signal as a shell tells it. */
function codeOf({ code }: Exit): ExitCode {
  return (code ?? exitCodes.failed) as ExitCode;
}
