import { isJsonObject } from "@setpoint/core";
import type { Correction } from "./cli-error.ts";
import type { Daemon, Finding } from "./daemon.ts";
import { leafSchema } from "./value-from-text.ts";

/** Most mistyped keys that are looked up. */
const lookupsMax = 10;

/**
 * The existing keys that were probably meant by unknown ones. Where only the namespace is unknown, the daemon offers a namespace;
 * the rest of the key stays, if that is a key there.
 */
export async function knownKeys(daemon: Daemon, issues: readonly Finding[]): Promise<readonly Correction[]> {
  const offers = issues.filter(({ code, expected }) => code === "unknown_key" && typeof expected === "string").slice(0, lookupsMax);
  const corrections = await Promise.all(offers.map(({ key, expected }) => knownKey(daemon, key, expected as string)));
  return corrections.filter((correction) => correction !== undefined);
}

async function knownKey(daemon: Daemon, key: string, offered: string): Promise<Correction | undefined> {
  if (offered.includes(".")) return [key, offered];
  const segments = key.split(".").slice(1);
  const leaf = leafSchema(await daemon.call("readSchema", { params: { namespace: offered } }), segments);
  const isKey = segments.length > 0 && isJsonObject(leaf) && !isJsonObject(leaf["properties"]);
  return isKey ? [key, [offered, ...segments].join(".")] : undefined;
}
