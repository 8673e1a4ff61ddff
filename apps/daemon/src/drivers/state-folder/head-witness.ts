import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { SetpointError } from "@setpoint/core";
import type { Head } from "../../ports/change-log.ts";
import { fileRefusal } from "./own-file.ts";
import { syncFolder } from "./write-aside.ts";

/** What the head file says: the last durable place of the log, seen from outside of it. */
export type Witness =
  | { readonly state: "absent" }
  | { readonly state: "readable"; readonly head: Head }
  | { readonly state: "unreadable"; readonly reason: string };

/** Writes the head file. */
export interface HeadWitness {
  /** Notes that the log is durable up to `head`. Throws `store_unavailable` when the file cannot be written. */
  write(head: Head): void;
  close(): void;
}

const line = /^setpoint-head 1 (\d{16}) ([0-9a-f]{64}) ([0-9a-f]{8})\n$/;

/** Reads the head file at `path`; it is small, anything longer than a line is unreadable. */
export function readWitness(path: string): Witness {
  const reason = fileRefusal(path);
  if (reason !== undefined) return { state: "unreadable", reason };
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      return fstatSync(file).size > 200 ? damaged(path) : parseWitness(path, readFileSync(file, "latin1"));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { state: "absent" };
    return { state: "unreadable", reason: `${path} cannot be read: ${(error as Error).message}.` };
  }
}

/**
 * Opens the head file for writing, made when there is none. A head is one line of fixed length, written over the last
 * one in a single call and without fsync: that costs microseconds and no room on the disk, a reader never meets a half,
 * and what a power failure takes away is only that the file lags behind the log, which is harmless.
 * (Written aside and renamed, a power failure could leave it empty, unless it is synced.) Only the first write is synced.
 */
export function openHeadWitness(path: string, head: Head): HeadWitness {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  const witness: HeadWitness = {
    write(next) {
      try {
        writeSync(file, lineOf(next), 0, "latin1");
      } catch (cause) {
        throw new SetpointError("store_unavailable", `The head file cannot be written: ${(cause as Error).message}.`, { cause });
      }
    },
    close: () => closeSync(file),
  };
  witness.write(head);
  ftruncateSync(file, lineOf(head).length);
  fsyncSync(file);
  syncFolder(dirname(path));
  return witness;
}

function lineOf({ revision, hash }: Head): string {
  const content = `${String(revision).padStart(16, "0")} ${hash}`;
  return `setpoint-head 1 ${content} ${checksum(content)}\n`;
}

function parseWitness(path: string, text: string): Witness {
  const [, revision, hash, sum] = line.exec(text) ?? [];
  if (revision === undefined || hash === undefined || checksum(`${revision} ${hash}`) !== sum) return damaged(path);
  return { state: "readable", head: { revision: Number(revision), hash } };
}

function damaged(path: string): Witness {
  return { state: "unreadable", reason: `${path} is damaged: it is not one line with a matching checksum.` };
}

function checksum(content: string): string {
  return crc32(content).toString(16).padStart(8, "0");
}
