import type { Json } from "@setpoint/core";
import { columns } from "./columns.ts";
import { commandLine } from "./command-line.ts";
import { confirmProduction, productionTouched } from "./confirm.ts";
import { CliError } from "./cli-error.ts";
import type { Committed, Daemon, Preview } from "./daemon.ts";
import type { Environment } from "./environments.ts";
import { escapeTerminal } from "./escape-terminal.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Invocation } from "./invocation.ts";
import { issueWords } from "./issue-words.ts";
import type { Palette } from "./palette.ts";
import { differenceCells } from "./value-words.ts";

/** Options of every command that writes. */
export interface WriteOptions {
  readonly comment?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** A change that can be previewed and committed. */
export interface Write {
  preview(): Promise<Preview>;
  /** @param seen the preview that a person agreed to: what has changed since is a conflict; absent where nobody was asked */
  commit(seen?: Preview): Promise<Committed>;
  readonly environments: readonly Environment[];
  readonly options: WriteOptions;
  /** Whether the preview is shown before the change is made, not only on request. */
  readonly isShownFirst: boolean;
}

/** Previews a change; commits it unless it is a dry run, is refused, or nobody confirms what it does to production. */
export async function write(invocation: Invocation, daemon: Daemon, change: Write): Promise<void> {
  const { output } = invocation;
  const preview = await change.preview();
  if (!preview.valid) throw await refusedPreview(preview, daemon);
  const environmentNames = change.environments.map(({ name }) => name);
  const previewLines = (style: Palette) => changeLines(preview, environmentNames, style);

  if (change.options.dryRun) {
    output.result({
      json: preview,
      text: (style) => [
        ...previewLines(style),
        style.dim(`Nothing was written: this is what would be, based on revision ${Number.parseInt(preview.basedOn, 10)}.`),
      ],
      plain: () => plainRows(preview),
    });
    return;
  }
  if (change.isShownFirst && preview.changes.length === 0) {
    // Going back to where one is leaves no trace in the history.
    const nothing = {
      revision: Number.parseInt(preview.basedOn, 10),
      cursor: preview.basedOn,
      changes: [],
      issues: [],
    } satisfies Committed;
    output.result({ json: nothing, text: ({ dim }) => [dim("Nothing to do: it is so already.")], plain: () => [] });
    return;
  }
  const production = productionTouched(preview, change.environments);
  const isAsked = production.length > 0 && change.options.yes !== true;
  if (output.mode === "text" && (change.isShownFirst || isAsked)) {
    output.note(previewLines(output.noteStyle).join("\n"));
  }
  await confirmProduction(invocation, production, change.options.yes === true);
  const committed = await change.commit(isAsked ? preview : undefined);
  output.result({
    json: committed,
    text: (style) => [
      ...(change.isShownFirst || isAsked ? [] : previewLines(style)),
      `${style.green("✓")} revision ${style.bold(String(committed.revision))}  ${style.dim(`undo: ${commandLine(invocation, ["rollback", "--revert", String(committed.revision)])}`)}`,
    ],
    plain: () => plainRows({ changes: committed.changes, effective: preview.effective }),
  });
  for (const issue of committed.issues) output.note(`${output.noteStyle.yellow("warning:")} ${issueWords(issue)}`);
}

/** What readers see differently; where that is nothing, what is stored differently. */
function changeLines({ changes, effective }: Pick<Preview, "changes" | "effective">, order: readonly string[], style: Palette): string[] {
  if (changes.length === 0) return [style.dim("  Nothing changes.")];
  const rank = (environment: string | undefined) => order.indexOf(environment ?? "");
  const shown = effective.toSorted((a, b) => rank(a.environment) - rank(b.environment) || (a.key < b.key ? -1 : 1));
  const structural = changes
    .filter(({ kind }) => kind !== "value")
    .map(({ kind, environment, key }) => [style.yellow("~"), escapeTerminal(environment ?? ""), `${kind} ${escapeTerminal(key)}`]);
  const lines = columns([...structural, ...shown.map((change) => differenceCells(change, style))], "  ");
  if (lines.length > 0) return lines;
  return [
    ...columns(
      changes.map((change) => differenceCells(change, style)),
      "  ",
    ),
    style.dim("  No reader sees a difference: the value in force stays the same."),
  ];
}

function plainRows({ changes, effective }: Pick<Preview, "changes" | "effective">): string[][] {
  const cell = (value: Json | undefined) => (value === undefined ? "" : escapeTerminal(JSON.stringify(value)));
  const rows = effective.length > 0 ? effective : changes;
  return rows.map(({ environment, key, before, after }) => [
    escapeTerminal(environment ?? ""),
    escapeTerminal(key),
    cell(before),
    cell(after),
  ]);
}

/** A preview that says no, as the error that the commit would have been. */
async function refusedPreview({ changes, issues, gates }: Preview, daemon: Daemon): Promise<CliError> {
  const closed = gates.find(({ open }) => !open);
  const errors = issues.filter(({ severity }) => severity === "error");
  if (errors.length === 0 && closed) {
    return new CliError(exitCodes.refused, escapeTerminal(closed.reason), {
      code: "approval_required",
      fix: escapeTerminal(closed.clearedBy),
    });
  }
  const sealed = new Set(changes.filter(({ masked }) => masked).map(({ key }) => key));
  if (errors.every(({ key }) => sealed.has(key))) {
    return new CliError(exitCodes.refused, "Sensitive values cannot be stored yet; nothing was written.", {
      code: "secrets_unavailable",
      fix: "Keep it out of the store until sealed storage exists.",
    });
  }
  const isConflict = errors.some(({ code }) => code === "version_mismatch");
  const [only, another] = errors;
  const words = only && !another ? issueWords(only) : "The change is not valid; nothing was written.";
  return new CliError(isConflict ? exitCodes.conflict : exitCodes.invalid, words, {
    code: isConflict ? "version_mismatch" : "validation_failed",
    issues: errors,
    keyCorrections: await (await import("./known-keys.ts")).knownKeys(daemon, errors),
    fix: isConflict ? "Look at what it is now (`setpoint explain <key>`), then decide again." : undefined,
  });
}
