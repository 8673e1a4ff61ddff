// The shape of JSON as a reader of a contract wants it: TypeScript-like text from a JSON Schema without references.

const widthMax = 100;

/**
 * The shape of a JSON Schema.
 * @param named names by JSON text of the schema that they stand for
 */
export function shapeOf(schema, named = new Map(), indent = "") {
  const shape = (node, deeper = indent) => named.get(JSON.stringify(node)) ?? shapeOf(node, named, deeper);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const union = schema.anyOf ?? schema.oneOf;
  if (union) return [...new Set(union.map((option) => shape(option)))].join(" | ");
  if (Array.isArray(schema.type)) return schema.type.join(" | ");
  if (schema.type === "array") return `[${shape(schema.items ?? {})}]`;
  if (schema.type === "object" && schema.properties) return members(schema, shape, indent);
  if (schema.type === "object") return `{ [name]: ${schema.additionalProperties ? shape(schema.additionalProperties) : "any JSON"} }`;
  return schema.type ?? "any JSON";
}

function members(schema, shape, indent) {
  const required = new Set(schema.required ?? []);
  const describe = (deeper) =>
    Object.entries(schema.properties).map(([name, property]) => `${name}${required.has(name) ? "" : "?"}: ${shape(property, deeper)}`);
  const line = `{ ${describe(indent).join(", ")} }`;
  if (line.length + indent.length <= widthMax && !line.includes("\n")) return line;
  const deeper = `${indent}  `;
  const lines = describe(deeper).map((member) => `${deeper}${member},\n`);
  return `{\n${lines.join("")}${indent}}`;
}
