import { constants, closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { refuse } from "./refused.ts";
import type { Refused } from "./refused.ts";
import { writeAside } from "./write-aside.ts";

/** How a running daemon is reached; clients on this machine find it here. */
export interface DaemonFile {
  readonly pid: number;
  readonly url: string;
  /** Path of the Unix socket; absent where there is none. */
  readonly socket?: string;
  readonly version: string;
}

/** Says at `path` how this daemon is reached; `remove` takes it back on a clean stop. */
export function writeDaemonFile(path: string, daemon: DaemonFile): { readonly ok: true; remove(): void } | Refused {
  try {
    writeAside(path, `${JSON.stringify(daemon)}\n`, "volatile");
  } catch (error) {
    return refuse(`The file ${path}, by which clients find the daemon, cannot be written: ${(error as Error).message}.`);
  }
  return { ok: true, remove: () => rmSync(path, { force: true }) };
}

/** What the file at `path` says; `undefined` when there is none that can be read. After a kill it may speak of a daemon that is gone. */
export function readDaemonFile(path: string): DaemonFile | undefined {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const content: unknown = JSON.parse(readFileSync(file, "utf8"));
      return isDaemonFile(content) ? content : undefined;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

function isDaemonFile(content: unknown): content is DaemonFile {
  if (typeof content !== "object" || content === null) return false;
  const { pid, url, socket, version } = content as Record<string, unknown>;
  return (
    Number.isSafeInteger(pid) &&
    typeof url === "string" &&
    typeof version === "string" &&
    (socket === undefined || typeof socket === "string")
  );
}
