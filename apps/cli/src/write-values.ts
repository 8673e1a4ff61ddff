import type { Json } from "@setpoint/core";
import type { BatchWrite } from "@setpoint/protocol";
import { usageError } from "./cli-error.ts";
import type { Committed, Daemon, Preview } from "./daemon.ts";
import type { EnvironmentChoice } from "./environments.ts";
import { escapeTerminal } from "./escape-terminal.ts";
import type { Invocation } from "./invocation.ts";
import { write, type WriteOptions } from "./write.ts";

export interface ValueWriteOptions extends WriteOptions {
  readonly env?: string;
  readonly ifVersion?: string;
}

/** A value to store, or, without one, to remove. */
export interface ValueWish {
  readonly key: string;
  readonly value?: Json;
}

/** Stores and removes values of one environment as one batch. */
export function writeValues(
  invocation: Invocation,
  daemon: Daemon,
  { name, environments }: EnvironmentChoice,
  wishes: readonly ValueWish[],
  options: ValueWriteOptions,
): Promise<void> {
  const ifVersion = ifVersionOf(options.ifVersion, wishes);
  const bodyWith = (versions: ReadonlyMap<string, number>): BatchWrite => ({
    changes: wishes.map(({ key, value }) => {
      const version = ifVersion ?? versions.get(key);
      return {
        environment: name,
        key,
        ...(value === undefined ? { delete: true } : { value }),
        ...(version !== undefined && { ifVersion: version }),
      };
    }),
    ...(options.comment !== undefined && { comment: options.comment }),
  });
  return write(invocation, daemon, {
    environments,
    options,
    isShownFirst: false,
    preview: async () => (await daemon.call("commitBatch", { query: { preview: true }, body: bodyWith(new Map()) })) as Preview,
    commit: async (seen) => {
      const body = bodyWith(new Map(seen?.changes.map(({ key, version }) => [key, version])));
      return (await daemon.call("commitBatch", { body })) as Committed;
    },
  });
}

function ifVersionOf(text: string | undefined, wishes: readonly ValueWish[]): number | undefined {
  if (text === undefined) return undefined;
  if (!/^(0|[1-9]\d{0,14})$/.test(text))
    throw usageError(`--if-version takes a version such as 12, or 0; "${escapeTerminal(text)}" is none.`);
  if (wishes.length > 1) throw usageError("--if-version goes with one key: each key has its own version.");
  return Number(text);
}
