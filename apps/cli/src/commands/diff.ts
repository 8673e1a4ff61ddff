import { jsonEqual } from "@setpoint/core/replica";
import { usageError } from "../cli-error.ts";
import { columns } from "../columns.ts";
import { connect } from "../connect.ts";
import type { Daemon } from "../daemon.ts";
import { chooseEnvironment } from "../environments.ts";
import { escapeTerminal, safeJson } from "../escape-terminal.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import type { Define, Invocation } from "../invocation.ts";
import { momentForms } from "../moment.ts";
import { revisionAt } from "../revision-at.ts";
import { environmentOption, examples } from "../shared-options.ts";
import { type Difference, differenceCells } from "../value-words.ts";

interface DiffOptions {
  readonly env?: string;
  readonly against?: string;
}

/** What differs, and between what. */
interface Comparison {
  readonly title: string;
  readonly json: unknown;
  readonly differences: readonly Difference[];
}

export const defineDiff: Define = (command, act) => {
  examples(command, [
    "setpoint diff                                    what the newest revision changed",
    "setpoint diff 412                                since revision 412",
    "setpoint diff 2h                                 since two hours ago",
    "setpoint diff 412 415 -e production",
    "setpoint diff -e staging --against production    what the two show differently",
  ])
    .argument("[from]", `${momentForms}; without it the revision before the newest`)
    .argument("[to]", "the same; without it the newest revision")
    .option("--against <environment>", "compare --env with another environment instead")
    .addHelpText("after", "\nExit code 3 where there are differences, else 0.");
  environmentOption(command, "only this environment (default: all)").action(
    (from: string | undefined, to: string | undefined, options: DiffOptions) =>
      act(command, (invocation) => diff(invocation, from, to, options)),
  );
};

async function diff(invocation: Invocation, from: string | undefined, to: string | undefined, options: DiffOptions): Promise<ExitCode> {
  const { output } = invocation;
  if (options.against !== undefined && from !== undefined)
    throw usageError("--against compares environments as they are now; revisions do not go with it.");
  const daemon = await connect(invocation);
  const comparison =
    options.against === undefined
      ? await betweenRevisions(invocation, daemon, { from, to, environment: options.env })
      : await betweenEnvironments(invocation, daemon, options.env, options.against);
  const { differences, json, title } = comparison;
  output.result({
    json,
    text: (style) =>
      differences.length === 0
        ? [style.dim(`No differences (${title}).`)]
        : [
            style.dim(title),
            ...columns(
              differences.map((difference) => differenceCells(difference, style)),
              "  ",
            ),
          ],
    plain: () =>
      differences.map(({ kind = "value", environment = "", key, before, after }) => [
        kind,
        escapeTerminal(environment),
        escapeTerminal(key),
        before === undefined ? "" : safeJson(before),
        after === undefined ? "" : safeJson(after),
      ]),
  });
  return differences.length === 0 ? exitCodes.ok : exitCodes.differences;
}

async function betweenRevisions(
  invocation: Invocation,
  daemon: Daemon,
  {
    from,
    to,
    environment,
  }: { readonly from: string | undefined; readonly to: string | undefined; readonly environment: string | undefined },
): Promise<Comparison> {
  const { environments, revision: head } = await daemon.call("listEnvironments");
  // A time is looked up in one environment; a revision may also tell of one that is no more.
  const name = environment ?? environments[0]?.name ?? "";
  const revisionOf = async (text: string) => String(await revisionAt(invocation, daemon, name, text));
  const start = from === undefined ? String(Math.max(0, head - 1)) : await revisionOf(from);
  const end = to === undefined ? undefined : await revisionOf(to);
  const answer = await daemon.call("diffRevisions", {
    query: { from: start, ...(end !== undefined && { to: end }), ...(environment !== undefined && { environment }) },
  });
  return { title: `revision ${answer.from} → ${answer.to}`, json: answer, differences: answer.changes };
}

async function betweenEnvironments(invocation: Invocation, daemon: Daemon, given: string | undefined, other: string): Promise<Comparison> {
  const [here, there] = await Promise.all([chooseEnvironment(invocation, daemon, given), chooseEnvironment(invocation, daemon, other)]);
  const [left, right] = await Promise.all([here, there].map(({ name }) => daemon.call("readConfig", { params: { environment: name } })));
  const keys = [...new Set([...Object.keys(left?.values ?? {}), ...Object.keys(right?.values ?? {})])].toSorted();
  const differences = keys
    .map((key) => ({ key, before: left?.values[key], after: right?.values[key] }))
    .filter(({ before, after }) => !jsonEqual(before, after));
  return { title: `${here.name} → ${there.name}`, json: { from: here.name, to: there.name, changes: differences }, differences };
}
