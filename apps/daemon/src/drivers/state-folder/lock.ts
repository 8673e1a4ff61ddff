import { chmodSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { readDaemonFile } from "./daemon-file.ts";
import type { DaemonFile } from "./daemon-file.ts";
import { fileRefusal } from "./own-file.ts";
import { refuse } from "./refused.ts";
import type { Refused } from "./refused.ts";
import type { StateFolder } from "./state-folder.ts";

/** Proof that this process alone serves the state folder. */
export interface StateLock {
  readonly folder: StateFolder;
  release(): void;
}

const busy = 5;

/**
 * Takes the state folder for this process, or says who has it. The lock is an exclusive transaction on a SQLite file:
 * the kernel frees it however the process dies, so that a lock is never stale.
 * Nothing else in this process may open the lock file: closing any handle of it would free the lock.
 */
export function acquireLock(folder: StateFolder): { ok: true; lock: StateLock } | (Refused & { readonly holder?: DaemonFile }) {
  const reason = fileRefusal(folder.lock);
  if (reason !== undefined) return refuse(reason);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(folder.lock, { timeout: 0, allowExtension: false });
    chmodSync(folder.lock, 0o600);
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    if (error instanceof Error && "errcode" in error && error.errcode === busy) return refuseSecond(folder);
    return refuse(`The lock ${folder.lock} cannot be taken: ${(error as Error).message}. It holds nothing: delete it if it is no lock.`);
  }
  const held = database;
  return {
    ok: true,
    lock: {
      folder,
      release() {
        if (held.isOpen) held.close();
      },
    },
  };
}

function refuseSecond({ path, daemonFile }: StateFolder): Refused & { readonly holder?: DaemonFile } {
  const holder = readDaemonFile(daemonFile);
  if (!holder) return refuse(`Another setpointd is starting with the state folder ${path}; stop it first, or choose another --state-dir.`);
  return {
    ...refuse(
      `Another setpointd (pid ${holder.pid}) serves the state folder ${path} at ${holder.url}; use it, stop it, or choose another --state-dir.`,
    ),
    holder,
  };
}
