import { Command, Option } from "commander";
import { commands } from "./commands.ts";
import type { Act } from "./invocation.ts";

const overview = `setpoint: run, read, change and undo configuration from a shell.

Examples:
  setpoint init                            start a project in this folder
  setpoint up                              run its daemon
  setpoint get 'shop.**'                   read
  setpoint set shop.maxItems 20 -m "sale"  change
  setpoint rollback --revert 12            undo
`;

const ending = `
Results go to standard output, messages to standard error: text on a terminal, JSON when piped.
Exit codes: 0 ok, 1 failed, 2 usage, 3 differences, 4 refused, 5 conflict, 6 invalid, 7 not found, 8 unreachable, 130 interrupted.
The daemon is found by --url, --project, SETPOINT_URL, SETPOINT_STATE_DIR, then .setpoint/ in this folder or a parent.`;

/** The command line as commander knows it. Only the commands that are named in `words` are loaded; the others are names in the help. */
export async function createProgram(words: readonly string[], version: string, act: Act): Promise<Command> {
  const program = new Command("setpoint");
  const helpCommand = new Command("help")
    .summary("print this text, or that of a command")
    .argument("[command]")
    .helpGroup("Help:")
    .helpOption(false);
  program
    .exitOverride()
    .usage("<command> [options]")
    .version(version, "--version", "print the version")
    .helpOption("-h, --help", "print this text")
    .addHelpCommand(helpCommand)
    .configureHelp({ showGlobalOptions: true, sortOptions: false })
    .addHelpText("before", overview)
    .addHelpText("after", ending)
    .optionsGroup("Options of every command:")
    .addOption(new Option("-C, --project <folder>", "the project whose daemon is meant"))
    .addOption(new Option("--url <url>", "the daemon's URL"))
    .addOption(new Option("--token-file <file>", "file that holds the token for --url"))
    .addOption(new Option("--json", "print JSON, also on a terminal"))
    .addOption(new Option("--plain", "print bare text, one record per line, cells apart by a tab").conflicts("json"))
    .addOption(new Option("--no-color", "print no colour (also NO_COLOR)"))
    .addOption(new Option("--no-input", "never ask; fail and name the option to pass"))
    .addOption(new Option("--debug", "print stacks of faults"));

  for (const { name, summary, group, load } of commands) {
    const command = program
      .command(name)
      .summary(summary)
      .description(`${sentence(summary)}.`)
      .helpGroup(group);
    command.helpOption("-h, --help", "print this text").showHelpAfterError(`Run setpoint ${name} --help for examples.`);
    if (words.includes(name)) (await load())(command, act);
  }
  return program.showHelpAfterError("Run setpoint --help for all commands.");
}

function sentence(words: string): string {
  return words[0]?.toUpperCase() + words.slice(1);
}
