import { CliError } from "../cli-error.ts";
import { daemonSettings, planDaemon } from "../daemon-settings.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import type { Define, Invocation } from "../invocation.ts";
import { projectLines, readProjectState } from "../project-words.ts";
import { runProject } from "../run-project.ts";
import { examples } from "../shared-options.ts";
import { stopOrder } from "../stop-order.ts";

type UpOptions = Readonly<Record<string, string | undefined>>;

export const defineUp: Define = (command, act) => {
  examples(command, ["setpoint up", "setpoint up examples/quickstart --port 0", "SETPOINT_LOG_LEVEL=info setpoint up"]).argument(
    "[folder]",
    "the project's folder (default: --project, SETPOINT_PROJECT, else the current one)",
  );
  daemonSettings(command)
    .addHelpText("after", "\nCtrl-C stops the daemon, a second one kills it.")
    .action((folder: string | undefined, options: UpOptions) =>
      act(command, (invocation) => up(invocation, folder, options), { piped: "text" }),
    );
};

async function up(invocation: Invocation, folder: string | undefined, options: UpOptions): Promise<ExitCode> {
  const { cwd, output } = invocation;
  const order = stopOrder(output);
  const running = await runProject(invocation, planDaemon(invocation, folder, options), order);
  if (!running) return exitCodes.interrupted;
  try {
    const state = await readProjectState(running);
    output.result({
      json: state,
      text: (style) => [
        ...projectLines(state, cwd, style),
        "",
        `  ${style.bold("In another terminal:")}`,
        ...state.next.map((line) => `    ${style.cyan(line)}`),
        "",
        style.dim("  Ctrl-C stops it."),
      ],
    });
    const { code, signal } = await running.child.exited;
    const ordered = order.exitCode();
    if (ordered === undefined) {
      throw new CliError(exitCodes.failed, `The daemon has ended by itself (${signal ?? `code ${code}`}).`, {
        fix: "Start it again; --log-level info shows its log.",
      });
    }
    output.note(output.noteStyle.dim("The daemon has stopped."));
    return ordered;
  } finally {
    await running.stop();
  }
}
