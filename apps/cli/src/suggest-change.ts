import type { Json } from "@setpoint/core";
import type { Daemon, Preview } from "./daemon.ts";
import { safeJson } from "./escape-terminal.ts";

/** A change that the daemon would accept, as the words of `set`. */
export interface SuggestedChange {
  readonly key: string;
  readonly text: string;
}

/** Most values that are tried. */
const triesMax = 8;

/** A change to try: of the first keys' values, the first that the daemon finds valid in a preview. */
export async function suggestChange(daemon: Daemon, environment: string): Promise<SuggestedChange | undefined> {
  const { values } = await daemon.call("readConfig", { params: { environment } });
  const wishes = Object.entries(values).flatMap(([key, value]) => otherValues(value).map((other) => ({ key, value: other })));
  for (const { key, value } of wishes.slice(0, triesMax)) {
    const body = { changes: [{ environment, key, value }] };
    const preview = (await daemon.call("commitBatch", { query: { preview: true }, body })) as Preview;
    if (preview.valid) return { key, text: safeJson(value) };
  }
  return undefined;
}

/** Values next to one: the switch turned, the number one up or down. */
function otherValues(value: Json): Json[] {
  if (typeof value === "boolean") return [!value];
  if (typeof value === "number" && Number.isSafeInteger(value)) return [value + 1, value - 1];
  return typeof value === "number" ? [value / 2] : [];
}
