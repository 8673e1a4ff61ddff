import { resolve } from "node:path";
import type { Command } from "commander";
import type { Invocation } from "./invocation.ts";

/** Settings of the daemon that `up` and `dev` pass on; each is also an environment variable, SETPOINT_<NAME>. */
const passedOn = [
  ["port", "<n>", "TCP port; 0 takes a free one (default: 4747)"],
  ["host", "<host>", "address to listen on (default: 127.0.0.1)"],
  ["state-dir", "<folder>", "where the store is kept (default: .setpoint in the project)"],
  ["allowed-hosts", "<a,b>", "further Host headers to accept"],
  ["allowed-origins", "<a,b>", "further Origins to accept"],
  ["log-level", "<level>", "silent, error, warn, info, debug; the log goes to standard error (default: problems only)"],
  ["drain-timeout-ms", "<n>", "how long a stop may take (default: 5000)"],
] as const;

type SettingOptions = Readonly<Record<string, string | undefined>>;

/** Adds the daemon's settings to a command. */
export function daemonSettings(command: Command): Command {
  command.optionsGroup("Settings of the daemon, each also an environment variable such as SETPOINT_PORT:");
  for (const [name, placeholder, description] of passedOn) command.option(`--${name} ${placeholder}`, description);
  return command;
}

/** Where a daemon is to run, and the words that start it there. */
export interface DaemonPlan {
  readonly project: string;
  readonly stateDir: string;
  readonly words: readonly string[];
  /** The daemon's own log was asked for. */
  readonly isLogged: boolean;
}

/** The folder that was given, else --project, SETPOINT_PROJECT, or the current one. */
export function planDaemon({ cwd, env, options }: Invocation, folder: string | undefined, settings: SettingOptions): DaemonPlan {
  const project = resolve(cwd, folder ?? options.project ?? (env["SETPOINT_PROJECT"] || "."));
  const stateDir = resolve(cwd, settings["stateDir"] ?? (env["SETPOINT_STATE_DIR"] || resolve(project, ".setpoint")));
  const given = passedOn.flatMap(([name]) => {
    const value = settings[camelCase(name)];
    return value === undefined || name === "state-dir" ? [] : [`--${name}=${value}`];
  });
  return {
    project,
    stateDir,
    words: [`--project=${project}`, `--state-dir=${stateDir}`, ...given],
    isLogged: settings["logLevel"] !== undefined || Boolean(env["SETPOINT_LOG_LEVEL"]),
  };
}

function camelCase(name: string): string {
  return name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
