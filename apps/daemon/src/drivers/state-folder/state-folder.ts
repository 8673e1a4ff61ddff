import { mkdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileRefusal, modeText, ownerRefusal } from "./own-file.ts";
import { refuse } from "./refused.ts";
import type { Refused } from "./refused.ts";

/** Where the daemon keeps what outlives it; every path is absolute and free of symbolic links. */
export interface StateFolder {
  readonly path: string;
  /** The change log; SQLite keeps `-wal` and `-shm` beside it. Opened through SQLite only. */
  readonly database: string;
  readonly lock: string;
  readonly head: string;
  readonly token: string;
  readonly daemonFile: string;
  /** A folder; made when the first backup is. */
  readonly backups: string;
}

/**
 * The state folder at `path`, made (0700) when there is none. Refused when other users could change what is in it:
 * world-writable, another user's, or with a symbolic link in the place of one of its files.
 * `warnings` are sentences about what others can see.
 */
export function openStateFolder(path: string): { ok: true; folder: StateFolder; warnings: readonly string[] } | Refused {
  let real: string;
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    real = realpathSync(path);
  } catch (error) {
    return refuse(`The state folder ${path} cannot be made: ${(error as Error).message}.`);
  }
  const folder = pathsOf(real);
  const reason = folderRefusal(real) ?? filesRefusal(folder);
  return reason === undefined ? { ok: true, folder, warnings: warningsOf(folder) } : refuse(reason);
}

function pathsOf(path: string): StateFolder {
  return {
    path,
    database: join(path, "setpoint.db"),
    lock: join(path, "lock"),
    head: join(path, "head"),
    token: join(path, "token"),
    daemonFile: join(path, "daemon.json"),
    backups: join(path, "backups"),
  };
}

function folderRefusal(path: string): string | undefined {
  const stats = statSync(path);
  if ((stats.mode & 0o002) === 0) return ownerRefusal(path, stats);
  return `${path} has mode ${modeText(stats.mode)}, which lets everybody change it; chmod 700 ${path}, or choose another --state-dir.`;
}

function filesRefusal({ database, lock, head, token, daemonFile }: StateFolder): string | undefined {
  for (const file of [database, `${database}-wal`, `${database}-shm`, lock, head, daemonFile]) {
    const reason = fileRefusal(file);
    if (reason !== undefined) return reason;
  }
  return fileRefusal(token, "strict");
}

function warningsOf({ path, database }: StateFolder): string[] {
  const warnings: string[] = [];
  const folderMode = statSync(path).mode;
  if ((folderMode & 0o077) !== 0) warnings.push(`${path} has mode ${modeText(folderMode)}; 0700 keeps other users out.`);
  const fileMode = statSync(database, { throwIfNoEntry: false })?.mode ?? 0o600;
  if ((fileMode & 0o077) !== 0) warnings.push(`${database} has mode ${modeText(fileMode)}; 0600 keeps other users from reading it.`);
  return warnings;
}
