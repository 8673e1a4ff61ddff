import { checkPattern } from "../check-pattern.ts";
import { columns } from "../columns.ts";
import { CliError, usageError } from "../cli-error.ts";
import { connect } from "../connect.ts";
import type { Answer, Daemon } from "../daemon.ts";
import { chooseEnvironment } from "../environments.ts";
import { escapeTerminal } from "../escape-terminal.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Define, Invocation } from "../invocation.ts";
import { momentForms, readMoment } from "../moment.ts";
import { withNearKey } from "../near-key.ts";
import { atMoment } from "../revision-at.ts";
import { environmentOption, examples } from "../shared-options.ts";
import { valueWords } from "../value-words.ts";

interface GetOptions {
  readonly env?: string;
  readonly at?: string;
}

export const defineGet: Define = (command, act) => {
  examples(command, [
    "setpoint get                        every value",
    "setpoint get shop.maxItems          one",
    "setpoint get 'shop.**' -e staging   all below (* is one segment, ** any number)",
    "setpoint get --at 2h --json         as it was two hours ago",
    "limit=$(setpoint get shop.maxItems --plain)",
  ])
    .argument("[key]", "a key, or a pattern")
    .option("--at <moment>", momentForms);
  environmentOption(command).action((key: string | undefined, options: GetOptions) =>
    act(command, (invocation) => get(invocation, key, options)),
  );
};

async function get(invocation: Invocation, key: string | undefined, options: GetOptions): Promise<void> {
  if (key?.includes("*")) checkPattern(key, exitCodes.usage);
  const daemon = await connect(invocation);
  const { name } = await chooseEnvironment(invocation, daemon, options.env);
  const historic = historicQuery(options.at, invocation.now());
  if (key !== undefined && !key.includes("*") && historic === undefined) return showOne(invocation, daemon, name, key);
  const read = () =>
    daemon.call("readConfig", { params: { environment: name }, query: { ...(key !== undefined && { keys: key }), ...historic } });
  const { at } = options;
  const config = at === undefined ? await read() : await atMoment(invocation, daemon, { environment: name, text: at }, read);
  if (key !== undefined && Object.keys(config.values).length === 0) {
    const words = `No key of ${escapeTerminal(name)} with a value matches ${escapeTerminal(key)}${at === undefined ? "" : ` at revision ${config.revision}`}.`;
    if (!key.includes("*")) throw new CliError(exitCodes.notFound, words, { code: "configuration_not_found" });
    invocation.output.note(words);
  }
  showAll(invocation, config);
}

async function showOne({ output }: Invocation, daemon: Daemon, environment: string, key: string): Promise<void> {
  const answer = await withNearKey(daemon, environment, key, () => daemon.call("readValue", { params: { environment, key } })).catch(
    (error: unknown) => {
      // A branch has no value, but the keys below it have.
      if (!(error instanceof CliError) || error.details.code !== "not_a_leaf") throw error;
      throw new CliError(error.exitCode, error.message, { ...error.details, correction: [key, `${key}.**`] });
    },
  );
  const bare = typeof answer.value === "string" ? escapeTerminal(answer.value, "\n\t") : valueWords(answer.value);
  output.result({
    json: { environment, ...answer },
    text: ({ dim }) => (answer.masked ? [dim("(masked: the key is sensitive)")] : [bare]),
    plain: () => (answer.masked ? [] : [[typeof answer.value === "string" ? bare : JSON.stringify(answer.value)]]),
  });
  if (answer.masked && output.mode === "plain") output.note("The key is sensitive; its value is never shown.");
}

function showAll({ output }: Invocation, config: Answer<"readConfig">): void {
  const values = Object.entries(config.values);
  output.result({
    json: config,
    text: ({ cyan }) => columns(values.map(([key, value]) => [cyan(escapeTerminal(key)), valueWords(value)])),
    plain: () => values.map(([key, value]) => [escapeTerminal(key), escapeTerminal(JSON.stringify(value))]),
  });
}

function historicQuery(at: string | undefined, now: number): Record<string, string> | undefined {
  if (at === undefined) return undefined;
  const moment = readMoment(at, now);
  if (!moment) throw usageError(`--at takes ${momentForms}; "${escapeTerminal(at)}" is none of these.`);
  return "revision" in moment ? { revision: String(moment.revision) } : { at: moment.at };
}
