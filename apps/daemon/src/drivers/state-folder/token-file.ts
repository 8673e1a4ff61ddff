import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { fileRefusal } from "./own-file.ts";
import { refuse } from "./refused.ts";
import type { Refused } from "./refused.ts";
import { hashToken, makeToken, parseToken } from "./token.ts";
import { writeAside } from "./write-aside.ts";

/** The token that local clients find by themselves. */
export interface FirstToken {
  readonly ok: true;
  readonly token: string;
  readonly id: string;
  readonly hash: string;
  /** Whether it was made now: then the log does not know it yet. */
  readonly created: boolean;
}

/**
 * The token in the file at `path`, made durably when there is none. Refused when others may read the file or it holds no token.
 * Only the holder of the state lock may call it.
 */
export function ensureToken(path: string, random: (bytes: number) => Uint8Array): FirstToken | Refused {
  const reason = fileRefusal(path, "strict");
  if (reason !== undefined) return refuse(reason);
  try {
    const found = readLine(path);
    return found === undefined ? create(path, makeToken(random)) : accept(path, found);
  } catch (error) {
    return refuse(`The token file ${path} cannot be read or written: ${(error as Error).message}.`);
  }
}

const bytesMax = 256;

function readLine(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return fstatSync(file).size > bytesMax ? "" : readFileSync(file, "utf8").replace(/\n$/, "");
  } finally {
    closeSync(file);
  }
}

function create(path: string, token: string): FirstToken | Refused {
  writeAside(path, `${token}\n`, "durable");
  return describe(token, "created") ?? refuse("A new token is malformed.");
}

function accept(path: string, token: string): FirstToken | Refused {
  return (
    describe(token, "found") ??
    refuse(`${path} does not hold a token (sp_<id>_<43 characters>); delete it and start again to get a new one.`)
  );
}

function describe(token: string, origin: "created" | "found"): FirstToken | undefined {
  const parsed = parseToken(token);
  return parsed && { ok: true, token, id: parsed.id, hash: hashToken(token), created: origin === "created" };
}
