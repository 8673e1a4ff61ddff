import { hash } from "node:crypto";
import { lstatSync, mkdirSync, rmSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import type { StateLock } from "./lock.ts";
import { ownerRefusal } from "./own-file.ts";
import { refuse } from "./refused.ts";
import type { Refused } from "./refused.ts";
import type { StateFolder } from "./state-folder.ts";

/** What systems allow for the path of a Unix socket, with a margin (104 bytes on macOS, 108 on Linux, a zero byte included). */
const pathBytesMax = 100;

export interface SocketSurroundings {
  /** $XDG_RUNTIME_DIR, if it is set. */
  readonly runtimeFolder?: string | undefined;
  readonly temporaryFolder: string;
}

/**
 * The Unix socket of a state folder, the first that is short enough: in the runtime folder, in the state folder itself
 * (where there is no runtime folder), in a folder of this user's in the temporary folder. `undefined` when none is.
 */
export function socketPath(state: StateFolder, { runtimeFolder, temporaryFolder }: SocketSurroundings): string | undefined {
  const name = `${hash("sha256", state.path, "hex").slice(0, 8)}.sock`;
  const candidates = [
    runtimeFolder !== undefined && isAbsolute(runtimeFolder) ? join(runtimeFolder, "setpoint", name) : join(state.path, "daemon.sock"),
    join(temporaryFolder, `setpoint-${process.getuid?.() ?? "user"}`, name),
  ];
  return candidates.find((path) => Buffer.byteLength(path) <= pathBytesMax);
}

/**
 * Makes room for the socket at `path`: its folder exists, is 0700 and this user's, and no socket of a dead daemon is left.
 * The lock shows that a socket which is still there has no listener. Anything else than a socket is refused and left alone.
 */
export function prepareSocketPath({ folder }: StateLock, path: string): { ok: true } | Refused {
  const parent = dirname(path);
  try {
    if (parent !== folder.path) mkdirSync(parent, { recursive: true, mode: 0o700 });
    const reason = parent === folder.path ? undefined : folderRefusal(parent);
    if (reason !== undefined) return refuse(reason);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats && !stats.isSocket()) return refuse(`${path} is not a socket; move it away.`);
    rmSync(path, { force: true });
    return { ok: true };
  } catch (error) {
    return refuse(`The socket ${path} cannot be prepared: ${(error as Error).message}.`);
  }
}

/** In a temporary folder anybody could have made it first. */
function folderRefusal(path: string): string | undefined {
  const stats = lstatSync(path);
  if (!stats.isDirectory()) return `${path} is not a folder; move it away.`;
  if ((stats.mode & 0o077) !== 0) return `${path} lets other users in; chmod 700 ${path}.`;
  return ownerRefusal(path, stats);
}
