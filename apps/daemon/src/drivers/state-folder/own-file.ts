import { lstatSync } from "node:fs";
import type { Stats } from "node:fs";

/**
 * Why a path cannot be trusted to be this user's own plain file, as a sentence; `undefined` when it is one, or is not there.
 * `strict` also refuses a file that others may read.
 */
export function fileRefusal(path: string, strictness: "strict" | "readable" = "readable"): string | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats) return undefined;
  if (stats.isSymbolicLink()) return `${path} is a symbolic link; put the file itself there.`;
  if (!stats.isFile()) return `${path} is not a plain file; move it away.`;
  return ownerRefusal(path, stats) ?? modeRefusal(path, stats.mode, strictness === "strict" ? 0o077 : 0o022);
}

/** Why something that belongs to another user is refused; `undefined` when it is this user's. */
export function ownerRefusal(path: string, { uid }: Stats): string | undefined {
  const own = process.getuid?.();
  return own === undefined || uid === own ? undefined : `${path} belongs to user ${uid}, and this process runs as user ${own}.`;
}

function modeRefusal(path: string, mode: number, forbidden: number): string | undefined {
  if ((mode & forbidden) === 0) return undefined;
  return `${path} has mode ${modeText(mode)}, which lets other users ${(mode & 0o022) === 0 ? "read" : "change"} it; chmod 600 ${path}.`;
}

/** Permission bits as four octal digits. */
export function modeText(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}
