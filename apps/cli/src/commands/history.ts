import { columns } from "../columns.ts";
import { usageError } from "../cli-error.ts";
import { connect } from "../connect.ts";
import type { Answer, Daemon } from "../daemon.ts";
import { escapeTerminal } from "../escape-terminal.ts";
import type { Define, Invocation } from "../invocation.ts";
import { newestRevisions, type RevisionFilter } from "../newest-revisions.ts";
import type { Palette } from "../palette.ts";
import { revisionOption } from "../revision-option.ts";
import { examples } from "../shared-options.ts";
import { differenceCells, valueWords } from "../value-words.ts";
import { agoWords } from "../when-words.ts";

interface HistoryOptions extends RevisionFilter {
  readonly limit: string;
  readonly env?: string;
}

type Revision = Answer<"listRevisions">["revisions"][number];
type Detailed = Answer<"readRevision">;

/** Revisions whose changes are read one by one, to be told in words. */
const detailedMax = 50;
const limitMax = 1_000;

export const defineHistory: Define = (command, act) => {
  examples(command, [
    "setpoint history",
    "setpoint history 412                        one revision with all its changes",
    "setpoint history --key shop.maxItems -e production --limit 5",
    "setpoint history --json | jq '.revisions[0].by'",
  ])
    .argument("[revision]", "one revision, in full")
    .option("-n, --limit <count>", `how many (at most ${limitMax})`, "20")
    .option("-e, --env <environment>", "only changes of this environment")
    .option("--key <key>", "only changes of this key")
    .option("--by <id>", "only changes by this principal's id")
    .action((revision: string | undefined, options: HistoryOptions) =>
      act(command, (invocation) => (revision === undefined ? list(invocation, options) : showOne(invocation, revision))),
    );
};

async function list(invocation: Invocation, { limit, env, key, by }: HistoryOptions): Promise<void> {
  const count = /^[1-9]\d{0,3}$/.test(limit) ? Number(limit) : 0;
  if (count === 0 || count > limitMax)
    throw usageError(`--limit takes a whole number from 1 to ${limitMax}; "${escapeTerminal(limit)}" is none.`);
  const daemon = await connect(invocation);
  const { revision } = await daemon.call("listEnvironments");
  const filter = { ...(env !== undefined && { environment: env }), ...(key !== undefined && { key }), ...(by !== undefined && { by }) };
  const revisions = await newestRevisions(daemon, filter, revision, count);
  const { output, now } = invocation;
  const changes =
    output.mode === "text" && revisions.length <= detailedMax
      ? await readChanges(daemon, revisions)
      : new Map<number, Detailed["changes"]>();
  output.result({
    json: { revisions },
    text: (style) => (revisions.length === 0 ? [style.dim("No revision matches.")] : listLines(revisions, changes, now(), style)),
    plain: () => revisions.map(plainRow),
  });
}

async function readChanges(daemon: Daemon, revisions: readonly Revision[]): Promise<Map<number, Detailed["changes"]>> {
  const detailed = await Promise.all(
    revisions.map(({ revision }) => daemon.call("readRevision", { params: { revision: String(revision) } })),
  );
  return new Map(detailed.map(({ revision, changes }) => [revision, changes]));
}

function listLines(
  revisions: readonly Revision[],
  changes: ReadonlyMap<number, Detailed["changes"]>,
  now: number,
  style: Palette,
): string[] {
  return columns(
    revisions.map((revision) => [
      style.bold(String(revision.revision)),
      style.dim(agoWords(revision.at, now)),
      whoWords(revision),
      [changeWords(revision, changes.get(revision.revision), style), style.dim(escapeTerminal(revision.comment))]
        .filter((part) => part !== "")
        .join("  "),
    ]),
  );
}

/** The only change in full, the first of several by name. */
function changeWords({ changeCount }: Revision, changes: Detailed["changes"] | undefined, { cyan, dim }: Palette): string {
  const [first, second] = changes ?? [];
  if (!first) return changes ? dim("nothing of the configuration") : `${changeCount} ${changeCount === 1 ? "change" : "changes"}`;
  const name = `${first.environment === undefined ? "" : `${escapeTerminal(first.environment)} `}${first.kind === "value" ? "" : `${first.kind} `}${cyan(escapeTerminal(first.key))}`;
  if (second) return `${name} and ${(changes ?? []).length - 1} more`;
  return first.kind === "value" ? `${name} ${dim(`${valueWords(first.before, "–")} →`)} ${valueWords(first.after, "–")}` : name;
}

function whoWords({ by, origin }: Revision): string {
  const name = escapeTerminal(by.name);
  return origin === name ? name : `${name} (${escapeTerminal(origin)})`;
}

function plainRow({ revision, at, by, origin, changeCount, comment }: Revision): string[] {
  return [String(revision), at, escapeTerminal(by.name), escapeTerminal(origin), String(changeCount), escapeTerminal(comment)];
}

async function showOne(invocation: Invocation, text: string): Promise<void> {
  const revision = revisionOption("The argument", text);
  const daemon = await connect(invocation);
  const detailed = await daemon.call("readRevision", { params: { revision: String(revision) } });
  invocation.output.result({
    json: detailed,
    text: (style) => [
      `revision ${style.bold(String(detailed.revision))}  ${detailed.at}  ${style.dim(agoWords(detailed.at, invocation.now()))}`,
      `by ${whoWords(detailed)}${detailed.comment === "" ? "" : `: ${escapeTerminal(detailed.comment)}`}`,
      ...columns(
        detailed.changes.map((change) => differenceCells(change, style)),
        "  ",
      ),
    ],
    plain: () => [plainRow(detailed)],
  });
}
