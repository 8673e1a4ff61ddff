import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isRunning, readDaemonFile } from "./daemon-process.ts";

const levelsMax = 2;
/** Folders that one search looks into. */
const foldersMax = 500;
/** Most daemons that are told. */
const foundMax = 3;

/** Folders up to two levels below one whose daemon's process lives, as paths from there; the nearest first. */
export async function runningBelow(start: string): Promise<readonly string[]> {
  const found: string[] = [];
  let level = [""];
  let looks = 0;
  for (let depth = 1; depth <= levelsMax; depth += 1) {
    const below: string[] = [];
    for (const parent of level) {
      for (const folder of await subfolders(start, parent)) {
        if (++looks > foldersMax || found.length === foundMax) return found;
        below.push(folder);
        const daemon = await readDaemonFile(join(start, folder, ".setpoint"));
        if (daemon && isRunning(daemon.pid)) found.push(folder);
      }
    }
    level = below;
  }
  return found;
}

/** Folders in which a project may be: not the hidden ones, nor what was installed. */
async function subfolders(start: string, parent: string): Promise<string[]> {
  const entries = await readdir(join(start, parent), { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith("."));
  return folders.map(({ name }) => join(parent, name)).toSorted();
}
