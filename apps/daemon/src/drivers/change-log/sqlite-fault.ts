import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { StoreError } from "./store-error.ts";

/** Primary result codes of SQLite that are told apart. */
export const sqliteCodes = { ioError: 10, full: 13, constraint: 19, notADatabase: 26 } as const;

/** The primary result code of an error that SQLite threw; `undefined` for any other error. */
export function sqliteCodeOf(error: unknown): number | undefined {
  const code = error instanceof Error && "errcode" in error ? error.errcode : undefined;
  return typeof code === "number" ? code & 0xff : undefined;
}

/**
 * The fault that a failed statement amounts to when nothing was written: `store_full`, `conflicting_change` for a known
 * Idempotency-Key, else `store_unavailable`. SQLite reports an exceeded quota as a plain I/O error, so the disk is asked.
 */
export function storeFault(cause: unknown, path: string): StoreError {
  if (cause instanceof StoreError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  const code = sqliteCodeOf(cause);
  if (code === sqliteCodes.full || (code === sqliteCodes.ioError && isDiskFull(path))) {
    return new StoreError("store_full", `The store cannot grow (${message}); nothing was written.`, { cause });
  }
  if (code === sqliteCodes.constraint && message.includes("entries.idempotency_key")) {
    return new StoreError("conflicting_change", "An entry with this Idempotency-Key is already in the log; nothing was written.", {
      cause,
    });
  }
  return new StoreError("store_unavailable", `The store failed (${message}); nothing was written.`, { cause });
}

const probeBytes = 64 * 1024;

function isDiskFull(path: string): boolean {
  const probe = join(dirname(path), `.space-probe-${process.pid}`);
  try {
    const file = openSync(probe, "wx", 0o600);
    try {
      writeSync(file, Buffer.alloc(probeBytes));
      fsyncSync(file);
    } finally {
      closeSync(file);
      rmSync(probe, { force: true });
    }
    return false;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === "ENOSPC" || code === "EDQUOT";
  }
}
