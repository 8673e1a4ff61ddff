import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, fsyncSync, openSync, writeSync } from "node:fs";

/**
 * Gives an empty write-ahead log its full size in zeros, which SQLite takes for the end of the log. It is a matter of
 * speed only: where the room is missing the file stays empty.
 * Reading or closing the log by other means than SQLite is safe, its locks lie on the other two files.
 */
export function preallocateWal(databasePath: string, bytes: number): void {
  withWal(databasePath, (file) => {
    if (fstatSync(file).size > 0) return;
    try {
      writeSync(file, Buffer.alloc(bytes), 0, bytes, 0);
      fsyncSync(file);
    } catch {
      ftruncateSync(file, 0);
    }
  });
}

/** Returns when everything in the write-ahead log, its length included, is on the disk. */
export function syncWal(databasePath: string): void {
  withWal(databasePath, fdatasyncSync);
}

function withWal(databasePath: string, use: (file: number) => void): void {
  let file: number;
  try {
    file = openSync(`${databasePath}-wal`, "r+");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  try {
    use(file);
  } finally {
    closeSync(file);
  }
}
