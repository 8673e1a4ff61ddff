import { homedir } from "node:os";
import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { SetpointError } from "@setpoint/core";
import { projectFileNames } from "./drivers/project-file/project-file-names.ts";

/** Everything the daemon can be told, each by a flag and by an environment variable. */
export interface Settings {
  /** The project's folder; absent = no project file. */
  readonly project?: string;
  readonly stateDir: string;
  readonly port: number;
  readonly host: string;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  readonly logLevel: (typeof logLevels)[number];
  /** How long a stop may take before connections are cut, milliseconds. */
  readonly drainTimeoutMs: number;
}

export const logLevels = ["silent", "error", "warn", "info", "debug"] as const;

/** One row of `setpointd --help`. */
export interface SettingRow {
  readonly flag: string;
  readonly placeholder: string;
  readonly variable: string;
  readonly description: string;
  readonly default: string;
}

/** The table that flags, variables, the help text and docs/reference/settings.md come from. */
export const settingRows = {
  project: {
    flag: "project",
    placeholder: "DIR",
    variable: "SETPOINT_PROJECT",
    description: "folder of setpoint.config.{ts,js,mjs,json}, or that file",
    default: "the current folder if it has one, else none",
  },
  stateDir: {
    flag: "state-dir",
    placeholder: "DIR",
    variable: "SETPOINT_STATE_DIR",
    description: "folder of the store, the token and daemon.json",
    default: "<project>/.setpoint, without a project $XDG_STATE_HOME/setpoint",
  },
  port: { flag: "port", placeholder: "N", variable: "SETPOINT_PORT", description: "TCP port; 0 takes a free one", default: "4747" },
  host: { flag: "host", placeholder: "HOST", variable: "SETPOINT_HOST", description: "address to listen on", default: "127.0.0.1" },
  allowedHosts: {
    flag: "allowed-hosts",
    placeholder: "A,B",
    variable: "SETPOINT_ALLOWED_HOSTS",
    description: "further Host headers to accept (name, or name:port)",
    default: "none",
  },
  allowedOrigins: {
    flag: "allowed-origins",
    placeholder: "A,B",
    variable: "SETPOINT_ALLOWED_ORIGINS",
    description: "further Origins to accept",
    default: "none",
  },
  logLevel: {
    flag: "log-level",
    placeholder: "LEVEL",
    variable: "SETPOINT_LOG_LEVEL",
    description: logLevels.join(", "),
    default: "info",
  },
  drainTimeoutMs: {
    flag: "drain-timeout-ms",
    placeholder: "N",
    variable: "SETPOINT_DRAIN_TIMEOUT_MS",
    description: "how long a stop may take before connections are cut",
    default: "5000",
  },
} as const satisfies Record<keyof Settings, SettingRow>;

export type SettingName = keyof typeof settingRows;

/**
 * The settings that flags (first) and environment variables give.
 * @param given flag values by setting name; absent = not given
 * @throws SetpointError invalid_request naming the flag and the variable
 */
export function readSettings(
  given: Readonly<Partial<Record<SettingName, string>>>,
  environment: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Settings {
  // Empty counts as not given, so that an empty variable in a script never widens what the daemon does.
  const raw = (name: SettingName) => given[name] || environment[settingRows[name].variable] || undefined;
  const refuse = (name: SettingName, wanted: string): never => {
    const { flag, variable } = settingRows[name];
    throw new SetpointError("invalid_request", `--${flag} (${variable}) must be ${wanted}; it is ${JSON.stringify(raw(name))}.`);
  };
  const whole = (name: SettingName, fallback: number, max: number): number => {
    const text = raw(name);
    if (text === undefined) return fallback;
    const value = Number(text);
    return /^\d{1,9}$/.test(text) && value <= max ? value : refuse(name, `a whole number from 0 to ${max}`);
  };
  const list = (name: SettingName) =>
    (raw(name) ?? "")
      .split(",")
      .map((item) => item.trim().toLowerCase())
      .filter((item) => item !== "");

  const namedProject = raw("project");
  const project = namedProject === undefined ? (hasProjectFile(cwd) ? cwd : undefined) : projectFolder(resolve(cwd, namedProject));
  if (namedProject !== undefined && project === undefined) refuse("project", "a folder that exists, or the setpoint.config.* file in it");
  const stateHome = environment["XDG_STATE_HOME"] || join(environment["HOME"] || homedir(), ".local", "state");
  const logLevel = raw("logLevel") ?? "info";
  if (!logLevels.includes(logLevel as Settings["logLevel"])) refuse("logLevel", logLevels.join(", "));
  const allowedOrigins = list("allowedOrigins");
  if (allowedOrigins.some((origin) => !/^[a-z][a-z0-9+.-]*:\/\/[^/]+$/.test(origin))) {
    refuse("allowedOrigins", "origins such as https://console.example, without a path; * is not taken");
  }
  return {
    ...(project !== undefined && { project }),
    stateDir: resolve(cwd, raw("stateDir") ?? (project === undefined ? join(stateHome, "setpoint") : join(project, ".setpoint"))),
    port: whole("port", 4_747, 65_535),
    host: raw("host") ?? "127.0.0.1",
    allowedHosts: list("allowedHosts"),
    allowedOrigins,
    logLevel: logLevel as Settings["logLevel"],
    drainTimeoutMs: whole("drainTimeoutMs", 5_000, 600_000),
  };
}

function hasProjectFile(folder: string): boolean {
  return projectFileNames.some((name) => existsSync(join(folder, name)));
}

/** The folder that a path names, itself or by the project file in it. */
function projectFolder(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return path;
  return stats && projectFileNames.includes(basename(path)) ? dirname(path) : undefined;
}

/** The text of `setpointd --help`. */
export function settingsHelp(): string {
  const rows = Object.values(settingRows).map(({ flag, placeholder, variable, description, default: fallback }) => {
    const left = `  --${flag} ${placeholder}`.padEnd(28);
    return `${left}${description}\n${" ".repeat(28)}(${variable}; default: ${fallback})`;
  });
  return `setpointd: typed configuration, checked, recorded, pushed.

Usage: setpointd [settings]

Settings, each by flag or environment variable:
${rows.join("\n")}
  --help                      this text
  --version                   the version

Files in the state folder: setpoint.db (the log), token (0600), daemon.json (pid, url, socket), lock, head.
`;
}
