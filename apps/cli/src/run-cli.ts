import { CommanderError } from "commander";
import { CliError } from "./cli-error.ts";
import { safeJson } from "./escape-terminal.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import type { Act, GlobalOptions, Surroundings } from "./invocation.ts";
import { createOutput } from "./output.ts";
import { createPalette, mayColour } from "./palette.ts";
import { createProgram } from "./program.ts";

/** Runs one command line and returns its exit code; whatever goes wrong has been said on standard error by then. */
export async function runCli(words: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.ok;
  let options: GlobalOptions = { color: true, input: true };
  const act: Act = async (command, work, { piped } = {}) => {
    options = command.optsWithGlobals<GlobalOptions>();
    const output = createOutput(surroundings, surroundings.env, { ...options, piped: piped ?? "json" });
    exitCode = (await work({ ...surroundings, options, output })) ?? exitCodes.ok;
  };
  try {
    const program = await createProgram(words, surroundings.version, act);
    await program.parseAsync(words, { from: "user" });
    return exitCode;
  } catch (fault) {
    if (fault instanceof CommanderError) return fault.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const error = fault instanceof CliError ? fault : unexpected(fault);
    await report(error, words, surroundings, options);
    return error.exitCode;
  }
}

async function report(
  error: CliError,
  words: readonly string[],
  { stderr, env, cwd }: Surroundings,
  options: GlobalOptions,
): Promise<void> {
  const { faultLines } = await import("./fault-words.ts");
  const { code, issues } = error.details;
  const style = createPalette(mayColour(stderr, env, options.color));
  const lines = options.json
    ? [safeJson({ error: { code: code ?? "failed", exitCode: error.exitCode, message: error.message, ...(issues && { issues }) } })]
    : faultLines(error, { cwd, options, words }, style);
  if (options.debug) lines.push(String((error.cause as Error | undefined)?.stack ?? error.stack));
  stderr.write(`${lines.join("\n")}\n`);
}

function unexpected(fault: unknown): CliError {
  const message = fault instanceof Error ? fault.message : String(fault);
  return new CliError(exitCodes.failed, `This should not have happened: ${message}`, { fix: "--debug prints where.", cause: fault });
}
