import { type Command, Option } from "commander";

/** Adds `--env`, which every command about one environment takes; `--environment` is the same. */
export function environmentOption(
  command: Command,
  description = "the environment (default: SETPOINT_ENVIRONMENT, else the project's default)",
): Command {
  return command
    .option("-e, --env <environment>", description)
    .addOption(new Option("--environment <environment>").hideHelp())
    .on("option:environment", (name: string) => command.setOptionValueWithSource("env", name, "cli"));
}

/** Adds what every command that writes takes. */
export function writeOptions(command: Command): Command {
  return command
    .option("-m, --comment <text>", "why, for the history")
    .option("--dry-run", "show what would change, and write nothing")
    .option("-y, --yes", "do not ask before changing production");
}

/** Puts examples before everything else of a command's help. */
export function examples(command: Command, lines: readonly string[]): Command {
  return command.addHelpText("before", `Examples:\n${lines.map((line) => `  ${line}`).join("\n")}\n`);
}
