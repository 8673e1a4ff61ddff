import type { ConfigChange } from "@setpoint/client";
import { checkPattern } from "../check-pattern.ts";
import { connect } from "../connect.ts";
import { chooseEnvironment } from "../environments.ts";
import { escapeTerminal, safeJson } from "../escape-terminal.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import type { Define, Invocation } from "../invocation.ts";
import { environmentOption, examples } from "../shared-options.ts";
import { stopOrder } from "../stop-order.ts";
import { valueWords } from "../value-words.ts";

interface WatchOptions {
  readonly env?: string;
}

export const defineWatch: Define = (command, act) => {
  examples(command, [
    "setpoint watch",
    "setpoint watch 'shop.**' -e production",
    "setpoint watch --json | while read -r change; do …; done",
  ]).argument("[pattern]", "keys to watch: * is one segment, ** any number", "**");
  environmentOption(command).action((pattern: string, options: WatchOptions) =>
    act(command, (invocation) => watch(invocation, pattern, options)),
  );
};

async function watch(invocation: Invocation, pattern: string, options: WatchOptions): Promise<ExitCode> {
  checkPattern(pattern, exitCodes.invalid);
  const { output } = invocation;
  const order = stopOrder(output);
  const daemon = await connect(invocation);
  const { name } = await chooseEnvironment(invocation, daemon, options.env);
  const { dim } = output.noteStyle;

  const { createClient } = await import("@setpoint/client");
  const client = createClient({ ...daemon.where, environment: name, service: "setpoint watch" });
  // The first state is not a change.
  await Promise.race([client.ready, order.given]);
  const stopWatching = client.watch(pattern, (change) => print(invocation, name, change));
  let isLive: boolean | undefined;
  const tell = (): void => {
    const { state, lastError, revision } = client.status;
    if ((state === "live") === isLive) return;
    isLive = state === "live";
    const words = isLive
      ? `Watching ${escapeTerminal(pattern)} in ${escapeTerminal(name)} from revision ${revision} on. Ctrl-C ends it.`
      : `The connection is gone (${escapeTerminal(lastError ?? "closed")}); trying again.`;
    output.note(dim(words));
  };
  const stopListening = client.subscribe(tell);
  if (order.exitCode() === undefined) tell();
  await order.given;
  stopListening();
  stopWatching();
  await client.close();
  return order.exitCode() ?? exitCodes.interrupted;
}

function print({ output, now }: Invocation, environment: string, { key, value, previous, revision }: ConfigChange): void {
  const at = new Date(now());
  output.line({
    json: { at: at.toISOString(), environment, key, value, previous, revision },
    text: ({ bold, cyan, dim }) => [
      `${dim(at.toTimeString().slice(0, 8))}  ${cyan(escapeTerminal(key))}  ${dim(`${valueWords(previous)} →`)} ${bold(valueWords(value))}  ${dim(`revision ${revision}`)}`,
    ],
    plain: () => [
      [
        at.toISOString(),
        escapeTerminal(key),
        previous === undefined ? "" : safeJson(previous),
        value === undefined ? "" : safeJson(value),
        String(revision),
      ],
    ],
  });
}
