import { columns } from "../columns.ts";
import { connect } from "../connect.ts";
import type { Answer } from "../daemon.ts";
import { chooseEnvironment } from "../environments.ts";
import { escapeTerminal, safeJson } from "../escape-terminal.ts";
import type { Define, Invocation } from "../invocation.ts";
import type { Palette } from "../palette.ts";
import { withNearKey } from "../near-key.ts";
import { environmentOption, examples } from "../shared-options.ts";
import { revisionOption } from "../revision-option.ts";
import { valueWords } from "../value-words.ts";
import { agoWords } from "../when-words.ts";

interface ExplainOptions {
  readonly env?: string;
  readonly revision?: string;
  readonly user?: string;
}

type Explained = Answer<"explainValue">;
type Candidate = Explained["candidates"][number];

export const defineExplain: Define = (command, act) => {
  examples(command, ["setpoint explain shop.maxItems", "setpoint explain shop.maxItems -e production --revision 412"])
    .argument("<key>", "the key")
    .option("--revision <revision>", "as it was at this revision")
    .option("--user <id>", "for this user");
  environmentOption(command).action((key: string, options: ExplainOptions) =>
    act(command, (invocation) => explain(invocation, key, options)),
  );
};

async function explain(invocation: Invocation, key: string, options: ExplainOptions): Promise<void> {
  const revision = revisionOption("--revision", options.revision);
  const daemon = await connect(invocation);
  const { name } = await chooseEnvironment(invocation, daemon, options.env);
  const explained = await withNearKey(daemon, name, key, () =>
    daemon.call("explainValue", {
      params: { environment: name, key },
      query: { revision: revision === undefined ? undefined : String(revision), user: options.user },
    }),
  );
  const now = invocation.now();
  invocation.output.result({
    json: explained,
    text: (style) => ladderLines(explained, now, style),
    plain: () =>
      explained.candidates.map(({ layer, environment = "", source = "", value, set, wins }) =>
        [
          wins ? "wins" : "",
          layer,
          environment || source,
          value === undefined ? "" : safeJson(value),
          set?.by.name ?? "",
          set?.at ?? "",
          String(set?.revision ?? ""),
        ].map((cell) => escapeTerminal(cell)),
      ),
  });
}

/** The ladder, highest layer first: the winner stands out, the losers stay readable. */
function ladderLines({ key, environment, value, candidates, clamps, version, masked }: Explained, now: number, style: Palette): string[] {
  const { bold, dim, green, yellow } = style;
  const shown = masked ? "(masked)" : valueWords(value, "no value");
  const rows = candidates.map((candidate) => {
    const cells = [candidate.layer, placeOf(candidate), masked ? "(masked)" : valueWords(candidate.value), setWords(candidate, now)];
    return candidate.wins ? [green("▶"), ...cells.map((cell, index) => (index === 3 ? cell : bold(cell)))] : [" ", ...cells.map(dim)];
  });
  const limits = clamps.map(
    ({ policy, wish, served, reason }) =>
      `  ${yellow("limited")} ${escapeTerminal(policy)}: ${valueWords(wish)} → ${valueWords(served)}, ${escapeTerminal(reason)}`,
  );
  return [
    `${bold(escapeTerminal(key))} in ${escapeTerminal(environment)} is ${bold(shown)}${version > 0 ? dim(`  version ${version}`) : ""}`,
    "",
    ...columns(rows, "  "),
    ...limits,
  ];
}

function placeOf({ environment, source }: Candidate): string {
  return escapeTerminal(environment ?? source ?? "");
}

function setWords({ set }: Candidate, now: number): string {
  return set ? `${escapeTerminal(set.by.name)}, ${agoWords(set.at, now)}, revision ${set.revision}` : "";
}
