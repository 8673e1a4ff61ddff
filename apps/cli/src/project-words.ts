import { existsSync } from "node:fs";
import { join } from "node:path";
import { columns } from "./columns.ts";
import { commandLine, pathFrom } from "./command-line.ts";
import { environmentWords } from "./commands/status.ts";
import { connect } from "./connect.ts";
import type { Answer, Daemon } from "./daemon.ts";
import { escapeTerminal } from "./escape-terminal.ts";
import type { Palette } from "./palette.ts";
import type { RunningProject } from "./run-project.ts";
import { suggestChange } from "./suggest-change.ts";

/** What there is to say about a daemon that has just been started. */
export interface ProjectState {
  readonly url: string;
  readonly project: string;
  readonly stateDir: string;
  readonly environments: Answer<"listEnvironments">["environments"];
  readonly problems: Answer<"readyz">["problems"];
  /** Commands that work from where the user stands. */
  readonly next: readonly string[];
}

export async function readProjectState({ access, plan, url, warnings }: RunningProject): Promise<ProjectState> {
  const daemon = await connect(access);
  const [{ environments }, { problems }] = await Promise.all([daemon.call("listEnvironments"), daemon.call("readyz")]);
  const [environment] = environments;
  const next = environment ? await nextCommands(access, daemon, environment.name) : [commandLine(access, ["status"])];
  // Most warnings are problems, too; some are about the state folder only.
  const further = warnings.filter((warning) => !problems.some(({ detail }) => detail === warning));
  return {
    url,
    project: plan.project,
    stateDir: plan.stateDir,
    environments,
    problems: [...problems, ...further.map((detail) => ({ code: "warning", detail }))],
    next,
  };
}

async function nextCommands(place: RunningProject["access"], daemon: Daemon, environment: string): Promise<string[]> {
  const change = await suggestChange(daemon, environment);
  return [
    commandLine(place, ["get"]),
    ...(change ? [commandLine(place, ["set", change.key, change.text]), commandLine(place, ["explain", change.key])] : []),
    commandLine(place, ["history"]),
  ];
}

/** The few lines that greet whoever started the daemon. */
export function projectLines({ url, project, stateDir, environments, problems }: ProjectState, cwd: string, style: Palette): string[] {
  const { bold, dim, green, yellow } = style;
  const file = ["ts", "js", "mjs", "json"].map((ending) => join(project, `setpoint.config.${ending}`)).find((path) => existsSync(path));
  const rows = [
    ["daemon", bold(url)],
    [
      "project",
      file === undefined
        ? `${escapeTerminal(pathFrom(cwd, project))} ${dim("(no setpoint.config; `setpoint init` writes one)")}`
        : escapeTerminal(pathFrom(cwd, file)),
    ],
    ["state", escapeTerminal(pathFrom(cwd, stateDir))],
    ["environments", environments.length === 0 ? yellow("none yet") : environmentWords(environments, style)],
  ];
  return [
    `${problems.length === 0 ? green("●") : yellow("●")} ${bold("Setpoint is running")}${problems.length === 0 ? "" : yellow(", and something needs attention:")}`,
    ...problems.map(({ detail }) => `  ${yellow("!")} ${escapeTerminal(detail, "\n")}`),
    "",
    ...columns(
      rows.map(([name = "", text = ""]) => [dim(name), text]),
      "  ",
    ),
  ];
}
