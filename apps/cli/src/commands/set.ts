import type { JsonObject } from "@setpoint/core";
import { usageError } from "../cli-error.ts";
import { connect } from "../connect.ts";
import type { Daemon } from "../daemon.ts";
import { chooseEnvironment } from "../environments.ts";
import { escapeTerminal } from "../escape-terminal.ts";
import type { Define, Invocation } from "../invocation.ts";
import { readStdin } from "../read-stdin.ts";
import { environmentOption, examples, writeOptions } from "../shared-options.ts";
import { type ValueWish, type ValueWriteOptions, writeValues } from "../write-values.ts";

interface SetOptions extends ValueWriteOptions {
  readonly string?: boolean;
}

/** A key and the text that was given for it. */
interface Assignment {
  readonly key: string;
  readonly text: string;
}

export const defineSet: Define = (command, act) => {
  examples(command, [
    "setpoint set shop.maxItems 20",
    'setpoint set shop.banner "Free delivery" -e production -m "autumn sale"',
    "setpoint set shop.maxItems=20 shop.isOpen=true    both or none",
    "setpoint set shop.prices - < prices.json          from standard input",
    "setpoint set shop.maxItems 20 --dry-run           look first",
  ])
    .usage("<key> <value> | <key=value...> [options]")
    .argument("<words...>", "a key and its value: JSON, or text where the schema wants text; - reads standard input")
    .option("--string", "take values as text, whatever they look like")
    .option("--if-version <version>", "only if the value still has this version; 0: only if there is none");
  environmentOption(writeOptions(command)).action((words: string[], options: SetOptions) =>
    act(command, (invocation) => set(invocation, readAssignments(words), options)),
  );
};

async function set(invocation: Invocation, assignments: readonly Assignment[], options: SetOptions): Promise<void> {
  const fromStdin = assignments.filter(({ text }) => text === "-");
  if (fromStdin.length > 1) throw usageError("Only one value can come from standard input.");
  const stdin = fromStdin.length === 1 ? await readStdin(invocation.stdin) : "";
  const daemon = await connect(invocation);
  const [environment, schemas] = await Promise.all([
    chooseEnvironment(invocation, daemon, options.env),
    options.string ? new Map<string, JsonObject>() : readSchemas(daemon, assignments),
  ]);
  const { meantValue } = await import("../meant-value.ts");
  const wishes = assignments.map(({ key, text }): ValueWish => {
    const given = text === "-" ? stdin : text;
    return { key, value: options.string ? given : meantValue(key, given, schemas) };
  });
  await writeValues(invocation, daemon, environment, wishes, options);
}

/** The schemas of the keys' namespaces; one that does not exist is left for the daemon to refuse. */
async function readSchemas(daemon: Daemon, assignments: readonly Assignment[]): Promise<ReadonlyMap<string, JsonObject>> {
  const { schemas } = await daemon.call("listSchemas");
  const wanted = new Set(assignments.map(({ key }) => key.split(".")[0]));
  const found = schemas.filter(({ namespace }) => wanted.has(namespace));
  return new Map(
    await Promise.all(found.map(async ({ namespace }) => [namespace, await daemon.call("readSchema", { params: { namespace } })] as const)),
  );
}

/** `key value`, or `key=value` once or more. */
export function readAssignments(words: readonly string[]): readonly Assignment[] {
  const [first = "", second, ...more] = words;
  if (!first.includes("=")) {
    if (second === undefined)
      throw usageError(`There is no value for ${escapeTerminal(first)}.`, `setpoint set ${escapeTerminal(first)} <value>`);
    if (more.length > 0) {
      throw usageError(
        "One key takes one value; several pairs are written key=value.",
        "Put quotes around a value with spaces, or write key=value for each.",
      );
    }
    return [{ key: first, text: second }];
  }
  return words.map((word) => {
    const mark = word.indexOf("=");
    if (mark <= 0) throw usageError(`"${escapeTerminal(word)}" is not key=value.`);
    return { key: word.slice(0, mark), text: word.slice(mark + 1) };
  });
}
