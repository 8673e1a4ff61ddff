import { dirname } from "node:path";
import { CliError, type CliErrorDetails } from "./cli-error.ts";
import { commandLine, pathFrom } from "./command-line.ts";
import { isRunning, readDaemonFile } from "./daemon-process.ts";
import { escapeTerminal } from "./escape-terminal.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Invocation } from "./invocation.ts";
import { runningBelow } from "./running-below.ts";

/** A daemon that was not found or does not answer, as the error that ends the command: what was looked at, and what would find one. */
export async function unreachableError(invocation: Invocation, detail: string, cause?: unknown): Promise<CliError> {
  // What comes after this in the client's words is told as the fix.
  const [words = detail] = detail.split(" Start one, or set ");
  const error = (message: string, details: CliErrorDetails) =>
    new CliError(exitCodes.unreachable, escapeTerminal(message), { code: "unreachable", cause, ...details });
  const { cwd, env, options } = invocation;
  const url = options.url ?? (options.project === undefined ? env["SETPOINT_URL"] || undefined : undefined);
  if (url !== undefined && !/^https?:\/\//i.test(url))
    return error(`"${url}" is no URL: http:// or https:// is missing.`, meantUrl(url, options.url));
  const lost = await withoutToken(cwd, words);
  if (lost) return error(lost.message, { fix: lost.fix });
  if (url !== undefined) return error(words, { fix: "check the address, the token, and whether the daemon runs there" });
  const isSearched = words.startsWith("No daemon was found");
  const below = options.project === undefined && isSearched ? await runningBelow(cwd) : [];
  return error(words, {
    rows: options.project === undefined && isSearched ? [["looked at", lookedAt(invocation)]] : [],
    fix:
      below.length === 0
        ? startWords(invocation)
        : `a daemon runs below this folder; name it: ${below.map((folder) => `\`-C ${escapeTerminal(folder)}\``).join(" or ")}`,
  });
}

function meantUrl(url: string, option: string | undefined): CliErrorDetails {
  const meant = `http://${url}`;
  if (!URL.canParse(meant)) return { fix: "Write it like http://127.0.0.1:4747." };
  return option === undefined ? { fix: `SETPOINT_URL=${escapeTerminal(meant)}` } : { correction: [url, meant] };
}

/** A daemon that runs while its token file is gone: only it can write a new one. */
async function withoutToken(cwd: string, words: string): Promise<{ readonly message: string; readonly fix: string } | undefined> {
  const path = /^The token file (.+[\\/]token) cannot be read\.$/.exec(words)?.[1];
  const daemon = path === undefined ? undefined : await readDaemonFile(dirname(path));
  if (path === undefined || !daemon || !isRunning(daemon.pid)) return undefined;
  return {
    message: `The daemon runs (process ${daemon.pid}, ${daemon.url}), but its token file ${pathFrom(cwd, path)} cannot be read.`,
    fix: "restart the daemon: it writes a new token where there is none",
  };
}

function lookedAt({ env }: Invocation): string {
  const stateDir = env["SETPOINT_STATE_DIR"];
  if (stateDir) return `SETPOINT_URL (not set), SETPOINT_STATE_DIR (${escapeTerminal(stateDir)})`;
  const home = env["XDG_STATE_HOME"] ? `${escapeTerminal(env["XDG_STATE_HOME"])}/setpoint` : "~/.local/state/setpoint";
  return `SETPOINT_URL (not set), .setpoint/ here and in the parents, ${home}`;
}

function startWords({ cwd, options: { project } }: Invocation): string {
  const up = commandLine({ cwd, options: { color: true, input: true } }, ["up", ...(project === undefined ? [] : [project])]);
  return `start one with \`${up}\`, or name its project with -C`;
}
