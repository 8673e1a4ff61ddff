import { isJsonObject, type Json } from "../json.ts";
import { formats } from "./formats.ts";
import { jsonTypes } from "./json-type.ts";

/** The one dialect that a schema may declare. */
export const schemaDialect = "https://json-schema.org/draft/2020-12/schema";

/** Where a keyword may stand. */
export type KeywordPlace =
  /** Only at the document's root. */
  | "root"
  /** At the root, at branches, at leaves and inside leaf values. */
  | "anywhere"
  /** At branches and leaves, but not inside a leaf's value, where nothing would act on it. */
  | "key"
  /** At leaves and inside leaf values: a branch has no value of its own that could be held to it. */
  | "value";

/** What a keyword is allowed to hold and where. */
export interface Keyword {
  readonly place: KeywordPlace;
  /** `false` for what constrains values; annotations never make a value invalid. */
  readonly isAnnotation: boolean;
  /** What the keyword's own value must be, as the end of "must be …"; `undefined` when it is fine. Subschemas are looked at elsewhere. */
  refusal(value: Json): string | undefined;
}

type Refusal = Keyword["refusal"];

const annotation = (place: KeywordPlace, refusal: Refusal): Keyword => ({ place, isAnnotation: true, refusal });
const constraint = (place: KeywordPlace, refusal: Refusal): Keyword => ({ place, isAnnotation: false, refusal });

const isSchema = (value: Json) => typeof value === "boolean" || isJsonObject(value);
const isStrings = (value: Json) =>
  Array.isArray(value) && value.every((item) => typeof item === "string") && new Set(value).size === value.length;
const isCount = (value: Json) => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
const isTypeName = (value: Json) => typeof value === "string" && (value === "integer" || (jsonTypes as readonly string[]).includes(value));

const must =
  (phrase: string, test: (value: Json) => boolean): Refusal =>
  (value) =>
    test(value) ? undefined : phrase;

const anything: Refusal = () => undefined;
const text = must("text", (value) => typeof value === "string");
const flag = must("true or false", (value) => typeof value === "boolean");
const number = must("a number", (value) => typeof value === "number");
const count = must("a whole number of at least 0", isCount);
const schema = must("a schema (an object, true or false)", isSchema);
const schemas = must("a list of at least one schema", (value) => Array.isArray(value) && value.length > 0 && value.every(isSchema));
const namedSchemas = must("an object of schemas", (value) => isJsonObject(value) && Object.values(value).every(isSchema));
const oneOf = (...names: readonly string[]) =>
  must(names.map((name) => JSON.stringify(name)).join(" or "), (value) => typeof value === "string" && names.includes(value));

/** Every keyword that a schema may use, by name; any other is refused at registration. */
export const keywords: ReadonlyMap<string, Keyword> = new Map<string, Keyword>([
  [
    "$schema",
    annotation(
      "root",
      must(JSON.stringify(schemaDialect), (value) => value === schemaDialect || value === `${schemaDialect}#`),
    ),
  ],
  ["$id", annotation("root", text)],
  ["$defs", annotation("root", namedSchemas)],
  ["$comment", annotation("anywhere", text)],
  ["title", annotation("anywhere", text)],
  ["description", annotation("anywhere", text)],
  ["default", annotation("anywhere", anything)],
  [
    "examples",
    annotation(
      "anywhere",
      must("a list", (value) => Array.isArray(value)),
    ),
  ],
  ["deprecated", annotation("anywhere", flag)],
  ["readOnly", annotation("anywhere", flag)],
  ["writeOnly", annotation("anywhere", flag)],
  ["x-setpoint-impact", annotation("anywhere", text)],
  ["x-setpoint-unit", annotation("anywhere", text)],
  ["x-setpoint-owner", annotation("anywhere", text)],
  ["x-setpoint-client", annotation("key", flag)],
  ["x-setpoint-user-editable", annotation("key", flag)],
  ["x-setpoint-sensitive", annotation("key", flag)],
  ["x-setpoint-effect", annotation("key", oneOf("live", "reinitialize", "restart"))],
  ["x-setpoint-entries", annotation("key", oneOf("keys"))],
  [
    "x-setpoint-rules",
    annotation(
      "root",
      must("an empty list: rules are not available yet", (value) => Array.isArray(value) && value.length === 0),
    ),
  ],
  [
    "$ref",
    constraint(
      "anywhere",
      must('a local reference such as "#/$defs/name"', (value) => typeof value === "string" && value.startsWith("#/$defs/")),
    ),
  ],
  [
    "type",
    constraint(
      "anywhere",
      must(
        '"null", "boolean", "integer", "number", "string", "array", "object", or a list of those',
        (value) =>
          isTypeName(value) || (isStrings(value) && (value as readonly Json[]).length > 0 && (value as readonly Json[]).every(isTypeName)),
      ),
    ),
  ],
  ["properties", constraint("anywhere", namedSchemas)],
  ["required", constraint("anywhere", must("a list of different names", isStrings))],
  ["additionalProperties", constraint("anywhere", schema)],
  [
    "enum",
    constraint(
      "value",
      must("a list of at least one value", (value) => Array.isArray(value) && value.length > 0),
    ),
  ],
  ["const", constraint("value", anything)],
  ["minimum", constraint("value", number)],
  ["maximum", constraint("value", number)],
  ["exclusiveMinimum", constraint("value", number)],
  ["exclusiveMaximum", constraint("value", number)],
  [
    "multipleOf",
    constraint(
      "value",
      must("a number greater than 0", (value) => typeof value === "number" && value > 0),
    ),
  ],
  ["minLength", constraint("value", count)],
  ["maxLength", constraint("value", count)],
  ["pattern", constraint("value", text)],
  [
    "format",
    constraint(
      "value",
      must(`one of ${[...formats.keys()].join(", ")}`, (value) => typeof value === "string" && formats.has(value)),
    ),
  ],
  ["items", constraint("value", schema)],
  ["prefixItems", constraint("value", schemas)],
  ["minItems", constraint("value", count)],
  ["maxItems", constraint("value", count)],
  ["uniqueItems", constraint("value", flag)],
  ["minProperties", constraint("value", count)],
  ["maxProperties", constraint("value", count)],
  ["propertyNames", constraint("value", schema)],
  ["anyOf", constraint("value", schemas)],
  ["oneOf", constraint("value", schemas)],
  ["allOf", constraint("value", schemas)],
  ["not", constraint("value", schema)],
]);
