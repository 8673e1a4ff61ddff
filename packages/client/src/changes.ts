import type { Client, ConfigChange } from "./types.ts";

/** How many changes may wait for a reader. */
const waitingMax = 10_000;

/**
 * `watch` as an async iteration that listens from this call on. It ends with the client or the signal; a reader that falls behind by
 * 10,000 changes gets an error after the changes before it.
 */
export function iterateChanges(
  client: Pick<Client, "watch" | "subscribe" | "status">,
  pattern = "**",
  { signal }: { readonly signal?: AbortSignal } = {},
): AsyncIterableIterator<ConfigChange> {
  const waiting: ConfigChange[] = [];
  let fault: Error | undefined;
  let isOver = false;
  let wake = (): void => {};

  const finish = (): void => {
    isOver = true;
    stopWatch();
    stopStatus();
    signal?.removeEventListener("abort", finish);
    wake();
  };
  const stopWatch = client.watch(pattern, (change) => {
    if (waiting.length < waitingMax) waiting.push(change);
    else {
      fault = new Error(`The reader fell behind by ${waitingMax} changes.`);
      finish();
    }
    wake();
  });
  const stopStatus = client.subscribe(() => {
    if (client.status.state === "closed") finish();
  });
  signal?.addEventListener("abort", finish);
  if (signal?.aborted || client.status.state === "closed") finish();

  async function* read(): AsyncGenerator<ConfigChange, undefined> {
    for (;;) {
      const change = waiting.shift();
      if (change) yield change;
      else if (fault) throw fault;
      else if (isOver) return undefined;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }
  const reader = read();
  const iterator: AsyncIterableIterator<ConfigChange, undefined> = {
    next: () => reader.next(),
    // Also for a reader that never began, and for one that waits.
    return: () => {
      finish();
      return reader.return(undefined);
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
