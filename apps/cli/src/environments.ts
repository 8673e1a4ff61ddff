import { CliError } from "./cli-error.ts";
import type { Answer, Daemon } from "./daemon.ts";
import { escapeTerminal } from "./escape-terminal.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Invocation } from "./invocation.ts";

export type Environment = Answer<"listEnvironments">["environments"][number];

/** The environment a command is about, and all others. */
export interface EnvironmentChoice {
  readonly name: string;
  readonly environments: readonly Environment[];
  /** The daemon's head at the time. */
  readonly revision: number;
}

/** The environment that `--env` names, else SETPOINT_ENVIRONMENT, else the daemon's default; never one that does not exist. */
export async function chooseEnvironment(invocation: Invocation, daemon: Daemon, given: string | undefined): Promise<EnvironmentChoice> {
  const { environments, revision } = await daemon.call("listEnvironments");
  const fromVariable = invocation.env["SETPOINT_ENVIRONMENT"] || undefined;
  const wanted = given ?? fromVariable;
  const names = environments.map(({ name }) => name);
  const name = wanted ?? names[0];
  if (name !== undefined && names.includes(name)) return { name, environments, revision };
  if (names.length === 0) {
    throw new CliError(exitCodes.notFound, "The daemon has no environment yet: its project was never accepted.", {
      code: "environment_not_found",
      fix: "`setpoint status` says what is wrong with it.",
    });
  }
  const { suggestKey } = await import("@setpoint/core");
  const near = wanted === undefined ? undefined : suggestKey(wanted, names);
  const origin = given === undefined && wanted !== undefined ? " (from SETPOINT_ENVIRONMENT)" : "";
  throw new CliError(
    exitCodes.notFound,
    `There is no environment "${escapeTerminal(wanted ?? "")}"${origin}.${near === undefined ? "" : ` Did you mean "${near}"?`}`,
    {
      code: "environment_not_found",
      rows: [["there are", names.join(", ")]],
      correction: near === undefined || wanted === undefined ? undefined : [wanted, near],
      fix: near === undefined ? "Name one of them with --env." : `--env ${near}`,
    },
  );
}
