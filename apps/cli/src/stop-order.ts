import { exitCodes, type ExitCode } from "./exit-codes.ts";
import type { Output } from "./output.ts";

/** The user's order to stop a long-running command. */
export interface StopOrder {
  /** Resolves with the first signal; a second one ends this process, and with it its children, at once. */
  readonly given: Promise<NodeJS.Signals>;
  /** What the order asks to end with; `undefined` while there is none. */
  exitCode(): ExitCode | undefined;
}

/** Listens for Ctrl-C, SIGTERM and a terminal that goes away. */
export function stopOrder(output: Output): StopOrder {
  const order = Promise.withResolvers<NodeJS.Signals>();
  let first: NodeJS.Signals | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    if (first) process.exit(exitCodes.interrupted);
    first = signal;
    if (signal === "SIGINT") output.note(output.noteStyle.dim("\nStopping; Ctrl-C again kills."));
    order.resolve(signal);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  return {
    given: order.promise,
    // Whoever asked politely wants to hear that all went well.
    exitCode: () => first && (first === "SIGINT" ? exitCodes.interrupted : exitCodes.ok),
  };
}
