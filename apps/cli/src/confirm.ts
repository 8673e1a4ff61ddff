import { createInterface } from "node:readline/promises";
import { CliError } from "./cli-error.ts";
import type { Preview } from "./daemon.ts";
import type { Environment } from "./environments.ts";
import { escapeTerminal } from "./escape-terminal.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Invocation } from "./invocation.ts";

/** The production environments that a previewed change writes to, or whose readers would see something else through inheritance. */
export function productionTouched({ changes, effective }: Preview, environments: readonly Environment[]): readonly string[] {
  const touched = new Set<string | undefined>([
    ...changes.map(({ kind, environment, key }) => (kind === "environment" ? key : environment)),
    ...effective.map(({ environment }) => environment),
  ]);
  return environments.filter(({ name, isProduction }) => isProduction && touched.has(name)).map(({ name }) => name);
}

/**
 * Asks for the name of each production environment; anything else typed refuses. Off a terminal `--yes` is needed.
 * @throws CliError with code 4 when it is not confirmed, 130 when it is interrupted
 */
export async function confirmProduction(invocation: Invocation, production: readonly string[], isConfirmed: boolean): Promise<void> {
  if (production.length === 0 || isConfirmed) return;
  const names = production.map((name) => escapeTerminal(name)).join(" and ");
  if (!invocation.stdin.isTTY || !invocation.stderr.isTTY || !invocation.options.input) {
    throw new CliError(exitCodes.refused, `This changes ${names}, a production environment, and there is nobody to ask.`, {
      code: "confirmation_required",
      fix: "Add --yes to confirm it, or --dry-run to look first.",
    });
  }
  for (const name of production) await askFor(name, invocation);
}

async function askFor(name: string, { stdin, stderr, output }: Invocation): Promise<void> {
  const { bold } = output.noteStyle;
  const dialogue = createInterface({ input: stdin, output: stderr });
  const interrupted = new Promise<undefined>((resolve) => dialogue.once("close", () => resolve(undefined)));
  try {
    const typed = await Promise.race([dialogue.question(`Type ${bold(escapeTerminal(name))} to go on: `), interrupted]);
    if (typed === undefined) {
      stderr.write("\n");
      throw new CliError(exitCodes.interrupted, "Interrupted; nothing was changed.");
    }
    if (typed.trim() !== name) throw new CliError(exitCodes.refused, `That is not ${escapeTerminal(name)}; nothing was changed.`);
  } finally {
    dialogue.close();
  }
}
