import { isJsonObject, type Json, type JsonObject } from "@setpoint/core";
import { CliError } from "./cli-error.ts";
import { escapeTerminal, safeJson } from "./escape-terminal.ts";
import { exampleValue } from "./example-value.ts";
import { exitCodes } from "./exit-codes.ts";
import { leafSchema, typesOf, valueFromText } from "./value-from-text.ts";

/** Longest example that is shown. */
const exampleCharactersMax = 200;

/**
 * The value that the text given for a key means under the schema of the key's namespace. A text that is no JSON where the schema
 * wants a switch or a number stays text: the daemon says what it must be, as of any other wrong value.
 * @throws CliError with code 6 when the schema takes an array or object there and the text is not JSON
 */
export function meantValue(key: string, text: string, schemas: ReadonlyMap<string, JsonObject>): Json {
  const [namespace = "", ...segments] = key.split(".");
  const schema = schemas.get(namespace);
  const leaf = schema && leafSchema(schema, segments);
  const types = typesOf(leaf);
  const meant = valueFromText(text, types);
  if (meant.ok) return meant.value;
  const isSensitive = isJsonObject(leaf) && leaf["x-setpoint-sensitive"] === true;
  const wanted = (["array", "object"] as const).filter((type) => types?.has(type));
  // Of a sensitive text not even the place of the mistake is repeated.
  if (wanted.length === 0 || isSensitive) return text;
  const example = safeJson(exampleValue(leaf) ?? (wanted[0] === "array" ? [] : {}));
  throw new CliError(
    exitCodes.invalid,
    `${escapeTerminal(key)} takes a JSON ${wanted.join(" or ")}, and this is not JSON: ${escapeTerminal(meant.reason.replace(/^Not JSON: /, ""))}`,
    {
      code: "validation_failed",
      rows: [
        ["given", escapeTerminal(text)],
        ...(example.length <= exampleCharactersMax ? [["such as", `'${example.replaceAll("'", "'\\''")}'`] as const] : []),
      ],
    },
  );
}
