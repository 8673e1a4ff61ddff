import { existsSync } from "node:fs";
import { isAbsolute, join, relative, sep } from "node:path";
import type { GlobalOptions } from "./invocation.ts";

/** What the user has to type for this program: the workspace's link where it stands in the folder, else the bare name. */
export function programName(cwd: string): string {
  const link = join("node_modules", ".bin", "setpoint");
  return existsSync(join(cwd, link)) ? link : "setpoint";
}

/** A command that can be pasted: reaches the same daemon as the one that prints it. */
export function commandLine(place: { readonly cwd: string; readonly options: GlobalOptions }, words: readonly string[]): string {
  const { project, url, tokenFile } = place.options;
  const access = [
    ...(project === undefined ? [] : ["-C", project]),
    ...(url === undefined ? [] : ["--url", url]),
    ...(tokenFile === undefined ? [] : ["--token-file", tokenFile]),
  ];
  return [programName(place.cwd), ...[...access, ...words].map(quoted)].join(" ");
}

/** The options by which a command typed in `cwd` finds the daemon of a state folder. */
export function accessOptions(
  cwd: string,
  daemon: { readonly project: string; readonly stateDir: string; readonly url: string },
): Partial<GlobalOptions> {
  if (daemon.stateDir !== join(daemon.project, ".setpoint")) {
    return { url: daemon.url, tokenFile: pathFrom(cwd, join(daemon.stateDir, "token")) };
  }
  const isFoundFrom = cwd === daemon.project || cwd.startsWith(daemon.project.endsWith(sep) ? daemon.project : daemon.project + sep);
  return isFoundFrom ? {} : { project: pathFrom(cwd, daemon.project) };
}

/** A path as short as it can be typed in `cwd`. */
export function pathFrom(cwd: string, path: string): string {
  const short = relative(cwd, path);
  return short === "" ? "." : isAbsolute(short) || short.length < path.length ? short : path;
}

/** A word as a shell reads it back. */
function quoted(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
