import type { Json, JsonObject } from "../json.ts";
import type { Pattern } from "./pattern.ts";

/**
 * One subschema after reading: its keywords as stored, its subschemas read, its local reference followed.
 * Nodes form a graph without cycles; what several references name is one node.
 */
export interface SchemaNode {
  /** JSON Pointer into the document. */
  readonly pointer: string;
  readonly schema: JsonObject | boolean;
  readonly ref?: SchemaNode;
  readonly pattern?: Pattern;
  readonly properties: ReadonlyMap<string, SchemaNode>;
  readonly prefixItems: readonly SchemaNode[];
  readonly anyOf: readonly SchemaNode[];
  readonly oneOf: readonly SchemaNode[];
  readonly allOf: readonly SchemaNode[];
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode;
  readonly propertyNames?: SchemaNode;
  readonly not?: SchemaNode;
  /** Subschemas of this one, itself included, with references counted as often as they are used. */
  readonly subschemas: number;
  /** Longest chain of subschemas below, itself included. */
  readonly levels: number;
}

/** A keyword's value of one subschema, without what its reference says. */
export function keywordOf(node: SchemaNode, keyword: string): Json | undefined {
  if (typeof node.schema === "boolean" || !Object.hasOwn(node.schema, keyword)) return undefined;
  return node.schema[keyword];
}

/** A keyword's number; `undefined` when it has none. */
export function numberOf(node: SchemaNode, keyword: string): number | undefined {
  const value = keywordOf(node, keyword);
  return typeof value === "number" ? value : undefined;
}

/** The subschemas of one node, its reference included. */
export function childrenOf(node: SchemaNode): readonly SchemaNode[] {
  const single = [node.ref, node.items, node.additionalProperties, node.propertyNames, node.not].filter((child) => child !== undefined);
  return [...single, ...node.properties.values(), ...node.prefixItems, ...node.anyOf, ...node.oneOf, ...node.allOf];
}
