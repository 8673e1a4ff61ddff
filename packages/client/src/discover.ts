import { existsSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";

/** Where a daemon is and what opens it. */
export interface DaemonAddress {
  /** Origin, without a slash at the end. */
  readonly url: string;
  readonly token: string;
  /** A Unix socket of the same daemon: half the cost and latency. */
  readonly socketPath?: string;
  /** The state folder that the address was read from. */
  readonly stateDir?: string;
}

export interface DiscoverOptions {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
  readonly stateDir?: string | undefined;
  readonly socketPath?: string | undefined;
  /** Default: the process's own variables. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** Where the search for `.setpoint/` starts. Default: the working folder. */
  readonly folder?: string;
}

/** Why there is no address, in words for a person. */
export interface DiscoveryProblem {
  readonly problem: string;
}

/**
 * Finds a daemon: the options, `SETPOINT_URL` with `SETPOINT_TOKEN` or `SETPOINT_TOKEN_FILE`, `SETPOINT_STATE_DIR`, `.setpoint/` in
 * the folder or a parent, `$XDG_STATE_HOME/setpoint`. The nearest state folder counts even while its daemon is down, so that nobody
 * gets the configuration of another. A state folder's token is given to that folder's own daemon only.
 */
export function discoverDaemon(options: DiscoverOptions = {}): DaemonAddress | DiscoveryProblem {
  const variables = options.variables ?? process.env;
  try {
    const url = options.url || variables["SETPOINT_URL"] || (options.socketPath && "http://localhost");
    const origin = url && originOf(url);
    const token = options.token || variables["SETPOINT_TOKEN"] || tokenInFile(variables["SETPOINT_TOKEN_FILE"]);
    const socket = options.socketPath ? { socketPath: options.socketPath } : {};
    if (origin && token) return { url: origin, token: headerSafe(token), ...socket };
    const stateDir = options.stateDir || variables["SETPOINT_STATE_DIR"] || stateFolder(options.folder ?? process.cwd(), variables);
    const daemon = readDaemonFile(stateDir, origin);
    if (origin && daemon.url !== origin) throw new Problem(`There is no token for ${origin}: set SETPOINT_TOKEN or SETPOINT_TOKEN_FILE.`);
    return {
      url: daemon.url,
      token: headerSafe(token || (tokenInFile(join(stateDir, "token")) as string)),
      ...(!origin && daemon.socket && existsSync(daemon.socket) && { socketPath: daemon.socket }),
      ...socket,
      stateDir,
    };
  } catch (cause) {
    if (cause instanceof Problem) return { problem: cause.message };
    throw cause;
  }
}

class Problem extends Error {}

/** Carries out what may fail for reasons of the outside. */
function attempt<T>(run: () => T, words: string): T {
  try {
    return run();
  } catch {
    throw new Problem(words);
  }
}

function originOf(text: string): string {
  const url = attempt(() => new URL(text), "The daemon's URL is not a URL.");
  if (url.protocol !== "http:" && url.protocol !== "https:") throw new Problem("The daemon's URL must start with http:// or https://.");
  return url.origin;
}

function tokenInFile(path: string | undefined): string | undefined {
  return path && attempt(() => readFileSync(path, "utf8").trim(), `The token file ${path} cannot be read.`);
}

/** What would break a header is no token, and is not repeated in words. */
function headerSafe(token: string): string {
  if (!/^[\x21-\x7e]{1,1024}$/.test(token)) throw new Problem("The token is not a token: it must be one line of visible ASCII.");
  return token;
}

function stateFolder(from: string, variables: Readonly<Record<string, string | undefined>>): string {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const candidate = join(folder, ".setpoint");
    if (statSync(candidate, { throwIfNoEntry: false })?.isDirectory()) return candidate;
    if (dirname(folder) === folder) break;
  }
  return join(variables["XDG_STATE_HOME"] || join(homedir(), ".local", "state"), "setpoint");
}

function readDaemonFile(stateDir: string, origin: string | undefined): { readonly url: string; readonly socket?: string } {
  const path = join(stateDir, "daemon.json");
  const text = attempt(
    () => readFileSync(path, "utf8"),
    origin
      ? `There is no token for ${origin}: set SETPOINT_TOKEN or SETPOINT_TOKEN_FILE.`
      : `No daemon was found: there is no ${path}. Start one, or set SETPOINT_URL and SETPOINT_TOKEN.`,
  );
  const content: unknown = attempt(() => JSON.parse(text), `${path} is not JSON; the daemon may be writing it.`);
  const { url, socket } = Object(content) as { url?: unknown; socket?: unknown };
  if (typeof url !== "string") throw new Problem(`${path} names no url.`);
  return { url: originOf(url), ...(typeof socket === "string" && { socket }) };
}
