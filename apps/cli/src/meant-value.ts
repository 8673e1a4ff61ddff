import { type Json, type JsonObject, suggestKey } from "@setpoint/core";
import { CliError } from "./cli-error.ts";
import { escapeTerminal } from "./escape-terminal.ts";
import { exitCodes } from "./exit-codes.ts";
import { leafSchema, typesOf, valueFromText } from "./value-from-text.ts";

/**
 * The value that the text given for a key means under the schema of the key's namespace.
 * @throws CliError with code 6 when the schema takes no text there and the text is not JSON
 */
export function meantValue(key: string, text: string, schemas: ReadonlyMap<string, JsonObject>): Json {
  const [namespace = "", ...segments] = key.split(".");
  const schema = schemas.get(namespace);
  const types = schema && typesOf(leafSchema(schema, segments));
  const meant = valueFromText(text, types);
  if (meant.ok) return meant.value;
  const near = types?.has("boolean") ? suggestKey(text, ["true", "false"]) : undefined;
  throw new CliError(
    exitCodes.invalid,
    `${escapeTerminal(key)} takes ${[...(types ?? [])].join(" or ")}; this is not JSON: ${escapeTerminal(meant.reason.replace(/^Not JSON: /, ""))}`,
    {
      code: "validation_failed",
      rows: [["given", escapeTerminal(text)]],
      correction: near === undefined ? undefined : [text, near],
    },
  );
}
