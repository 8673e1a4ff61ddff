import { closeSync, constants, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Puts a whole file (0600) in the place of `path`: readers meet the old or the new one, never a part.
 * With `durable` it returns when file and name are on the disk. Only the holder of the state lock may call it.
 */
export function writeAside(path: string, text: string, durability: "durable" | "volatile"): void {
  const aside = `${path}.new`;
  rmSync(aside, { force: true });
  const file = openSync(aside, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    writeSync(file, text);
    if (durability === "durable") fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(aside, path);
  if (durability === "durable") syncFolder(dirname(path));
}

/** Makes the names in a folder durable. */
export function syncFolder(path: string): void {
  const folder = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
