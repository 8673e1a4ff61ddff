import type { RollbackWrite } from "@setpoint/protocol";
import { CliError, usageError } from "../cli-error.ts";
import { connect } from "../connect.ts";
import type { Committed, Daemon, Preview } from "../daemon.ts";
import { chooseEnvironment, type Environment } from "../environments.ts";
import { escapeTerminal } from "../escape-terminal.ts";
import type { Define, Invocation } from "../invocation.ts";
import { momentForms } from "../moment.ts";
import { notYet, revisionAt } from "../revision-at.ts";
import { examples, environmentOption, writeOptions } from "../shared-options.ts";
import { write, type WriteOptions } from "../write.ts";

interface RollbackOptions extends WriteOptions {
  readonly to?: string;
  readonly revert?: string;
  readonly env?: string;
  readonly namespace?: string;
}

export const defineRollback: Define = (command, act) => {
  examples(command, [
    "setpoint rollback 412                       everything as it was at revision 412",
    "setpoint rollback --revert 415              undo what revision 415 changed, and nothing else",
    "setpoint rollback --to 14:03 -e production  one environment, as it was at 14:03",
    "setpoint rollback 412 --dry-run             look first",
  ])
    .argument("[moment]", momentForms)
    .option("--to <moment>", "the same as the argument")
    .option("--revert <revision>", "undo this one revision")
    .option("--namespace <name>", "only this namespace");
  environmentOption(writeOptions(command), "only this environment (default: all; SETPOINT_ENVIRONMENT does not count here)").action(
    (moment: string | undefined, options: RollbackOptions) => act(command, (invocation) => rollBack(invocation, moment, options)),
  );
};

async function rollBack(invocation: Invocation, moment: string | undefined, options: RollbackOptions): Promise<void> {
  const given = [moment, options.to, options.revert].filter((text) => text !== undefined);
  if (given.length !== 1) {
    throw usageError(
      given.length === 0 ? "Roll back to which revision?" : "Name one: a moment, or --revert with a revision.",
      "`setpoint history` lists them.",
    );
  }
  if (options.revert !== undefined && (options.env !== undefined || options.namespace !== undefined)) {
    throw usageError("--revert undoes a whole revision; --env and --namespace go with a moment.");
  }
  const daemon = await connect(invocation);
  // Without --env it is about everything: a variable of the shell must not narrow that unseen.
  const { environments, name } = await chooseEnvironment({ ...invocation, env: {} }, daemon, options.env);
  const target: { readonly to: number | string; readonly revert?: never } | { readonly revert: number; readonly to?: never } =
    options.revert === undefined
      ? { to: await revisionAt(invocation, daemon, name, given[0] ?? "") }
      : { revert: revertOf(options.revert) };
  if (target.to === 0) throw await notYet(invocation, daemon, { environment: name, text: "0" });
  const body: RollbackWrite = {
    ...target,
    ...(options.env !== undefined && { environment: options.env }),
    ...(options.namespace !== undefined && { namespace: options.namespace }),
    ...(options.comment !== undefined && { comment: options.comment }),
  };
  await write(invocation, daemon, {
    environments,
    options,
    isShownFirst: true,
    preview: async () => {
      const preview = daemon.call("rollBack", { query: { preview: true }, body }) as Promise<Preview>;
      return target.revert === undefined
        ? preview
        : preview.catch((error: unknown) => refusedRevert(error, daemon, environments, target.revert));
    },
    commit: async () => (await daemon.call("rollBack", { body })) as Committed,
  });
}

function revertOf(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw usageError(`--revert takes a revision such as 412; "${escapeTerminal(text)}" is none.`);
  return Number(text);
}

/** Undoing the revision that made every environment would leave none: that is said instead of the daemon's words about the rule. */
async function refusedRevert(error: unknown, daemon: Daemon, environments: readonly Environment[], revision: number): Promise<never> {
  if (!(error instanceof CliError) || error.details.code !== "invalid_request") throw error;
  const { changes } = await daemon.call("readRevision", { params: { revision: String(revision) } });
  const made = new Set(changes.filter(({ kind, before }) => kind === "environment" && before === undefined).map(({ key }) => key));
  if (!environments.every(({ name }) => made.has(name))) throw error;
  throw new CliError(error.exitCode, `Revision ${revision} made the environments and cannot be undone.`, {
    code: "invalid_request",
    fix: "`setpoint history` lists the revisions.",
  });
}
