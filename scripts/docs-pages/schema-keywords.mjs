import { formats } from "../../packages/core/src/schema/formats.ts";
import { keywords } from "../../packages/core/src/schema/keywords.ts";
import { schemaLimits } from "../../packages/core/src/schema/limits.ts";
import { metadataKeywords } from "../../packages/core/src/schema/zod-metadata.ts";
import { code, table } from "./table.mjs";

/** The keywords of JSON Schema 2020-12; those that are not in the table are refused by name. */
const standardKeywords =
  "$schema $vocabulary $id $anchor $dynamicAnchor $ref $dynamicRef $defs $comment allOf anyOf oneOf not if then else dependentSchemas prefixItems items contains properties patternProperties additionalProperties propertyNames unevaluatedItems unevaluatedProperties type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern maxItems minItems uniqueItems maxContains minContains maxProperties minProperties required dependentRequired format contentEncoding contentMediaType contentSchema title description default deprecated readOnly writeOnly examples".split(
    " ",
  );

const placeWords = {
  root: "root only",
  anywhere: "anywhere",
  key: "keys and branches",
  value: "keys and inside their values",
};

/** What metadata do; a keyword without words here fails the generation. */
const metadataWords = {
  "x-setpoint-impact": "what a change affects, for people",
  "x-setpoint-unit": "the unit, for people",
  "x-setpoint-owner": "who answers for the key",
  "x-setpoint-client": "browsers may read it; without it a key never leaves the servers",
  "x-setpoint-user-editable": "users may set a preference for it (later)",
  "x-setpoint-sensitive": "a secret: never stored, never sent, masked in every output",
  "x-setpoint-effect": "what a changed value asks of a running component: `live` (default), `reinitialize` or `restart`",
  "x-setpoint-entries": "on an open map: each entry is a key of its own",
  "x-setpoint-rules": "rules across keys (later)",
};

const limitWords = {
  leavesMax: "keys of one namespace",
  levelsMax: "levels of nesting, references followed",
  documentBytesMax: "bytes of the document",
  subschemasMax: "subschemas, references followed",
  patternCharactersMax: "characters of a `pattern`",
  patternInstructionsMax: "instructions of a compiled `pattern`",
  patternInstructionsTotalMax: "instructions of all patterns together",
  alternativesMax: "alternatives of one `anyOf` or `oneOf`",
  validationStepsMax: "steps of validating one value; beyond it the value is refused with `validation_timeout`",
  validationStepsTotalMax: "steps of validating all values of a batch, or all defaults of a schema",
  registrationIssuesMax: "issues told when a schema is refused",
  valueIssuesMax: "issues told about one value",
  receivedCharactersMax: "characters of a refused value that an issue repeats",
};

export function schemaKeywordsPage() {
  const own = [...keywords].filter(([name]) => name.startsWith("x-"));
  const standard = [...keywords].filter(([name]) => !name.startsWith("x-"));
  const zodNames = new Map([...metadataKeywords].map(([member, keyword]) => [keyword, member]));
  return `# Schema keywords

A namespace's schema is JSON Schema 2020-12 as data. Each keyword below is enforced exactly as the specification says, where it may stand; every other one is refused by name when the schema is registered. So a schema never promises what is not kept. [How to write one](../guides/write-a-schema.md).

## Keys and values

- The root is an object schema. Its properties are the namespace's keys, and there are no others: an object that declares properties takes no other members, so \`additionalProperties\` is left out there, or \`false\`.
- An object with \`properties\` is a **branch**: it has no value of its own, its members are keys. Constraints of values cannot stand on it.
- Everything else is a **leaf**: scalars, arrays, unions, and objects without \`properties\`. A leaf is replaced whole.
- An open map (\`additionalProperties\`) with \`"x-setpoint-entries": "keys"\` is a branch whose entries are keys of their own.
- A \`default\` on a branch gives its members' defaults. Two different defaults for one key are refused, and so is a default that its own schema refuses.
- A branch hands \`x-setpoint-client\`, \`-user-editable\`, \`-sensitive\`, \`-effect\`, \`-owner\` and \`deprecated\` down to the keys below it; a nearer declaration wins.

## Keywords of JSON Schema

${table(
  ["Keyword", "Where", "Its value must be"],
  standard.map(([name, keyword]) => [code(name), placeWords[keyword.place], keyword.refusal(null) ?? "anything"]),
)}

\`$ref\` follows \`#/$defs/<name>\` of the same document; circles are refused. \`pattern\` is RE2 syntax, found anywhere in the text, in time linear in the text: no look-around and no back-references. \`integer\` includes \`1.0\`, as the specification says.

**Refused by name**: ${standardKeywords
    .filter((name) => !keywords.has(name))
    .map(code)
    .join(", ")}, and every keyword that is not known.

## Formats

\`format\` is enforced, not only noted. These are all:

${table(
  ["Format", "A text must be"],
  [...formats].map(([name, { phrase }]) => [code(name), phrase]),
)}

## Setpoint's own keywords

${table(
  ["Keyword", "In zod's `.meta()`", "Where", "What it does", "Its value must be"],
  own.map(([name, keyword]) => [
    code(name),
    zodNames.has(name) ? code(zodNames.get(name)) : "–",
    placeWords[keyword.place],
    worded(metadataWords, name),
    keyword.refusal(null) ?? "anything",
  ]),
)}

\`description\`, \`default\` and \`deprecated\` are JSON Schema's own. A key cannot be both \`x-setpoint-sensitive\` and readable by browsers or editable by users.

## Limits

${table(
  ["Limit", "Of what"],
  Object.entries(schemaLimits).map(([name, limit]) => [limit.toLocaleString("en"), worded(limitWords, name)]),
)}
`;
}

function worded(words, name) {
  if (words[name] === undefined) throw new Error(`scripts/docs-pages/schema-keywords.mjs has no words for ${name}`);
  return words[name];
}
