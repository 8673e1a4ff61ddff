import type { Json } from "../json.ts";
import type { Effect, KeyMetadata } from "./model.ts";
import { placeOf, type SchemaIssues } from "./schema-issues.ts";
import { keywordOf, type SchemaNode } from "./schema-node.ts";

/** What a branch hands down to the keys below it; a nearer declaration wins. Texts about one key are not handed down. */
export type InheritedMetadata = Pick<KeyMetadata, "client" | "userEditable" | "sensitive" | "effect" | "owner" | "deprecated">;

/** Nothing declared: readable by servers only, set by operators, live. */
export const noMetadata: InheritedMetadata = { client: false, userEditable: false, sensitive: false, effect: "live" };

/** An annotation of a key: its own, else that of the definition it refers to, and so on. */
export function annotationOf(node: SchemaNode, keyword: string): Json | undefined {
  for (let at: SchemaNode | undefined = node; at; at = at.ref) {
    const value = keywordOf(at, keyword);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** What holds below a key: its own declarations over the inherited ones. */
export function inheritedBelow(node: SchemaNode, inherited: InheritedMetadata): InheritedMetadata {
  const owner = textOf(node, "x-setpoint-owner") ?? inherited.owner;
  const deprecated = flagOf(node, "deprecated") ?? inherited.deprecated;
  return {
    client: flagOf(node, "x-setpoint-client") ?? inherited.client,
    userEditable: flagOf(node, "x-setpoint-user-editable") ?? inherited.userEditable,
    sensitive: flagOf(node, "x-setpoint-sensitive") ?? inherited.sensitive,
    effect: (textOf(node, "x-setpoint-effect") as Effect | undefined) ?? inherited.effect,
    ...(owner !== undefined && { owner }),
    ...(deprecated !== undefined && { deprecated }),
  };
}

/** The metadata of a leaf; contradictions go to `issues`. */
export function metadataOf(node: SchemaNode, inherited: InheritedMetadata, issues: SchemaIssues): KeyMetadata {
  const below = inheritedBelow(node, inherited);
  if (below.sensitive && (below.client || below.userEditable)) {
    const other = below.client ? "x-setpoint-client" : "x-setpoint-user-editable";
    const message = `The key at ${placeOf(node.pointer)} is both x-setpoint-sensitive and ${other}; a sensitive value never leaves the daemon's own processes.`;
    issues.add({ pointer: node.pointer, message, expected: { [other]: false }, received: { "x-setpoint-sensitive": true, [other]: true } });
  }
  if (flagOf(node, "readOnly") && flagOf(node, "writeOnly")) {
    const message = `The key at ${placeOf(node.pointer)} is both readOnly and writeOnly.`;
    issues.add({ pointer: node.pointer, message, expected: "one of the two", received: { readOnly: true, writeOnly: true } });
  }
  const description = textOf(node, "description");
  const impact = textOf(node, "x-setpoint-impact");
  const unit = textOf(node, "x-setpoint-unit");
  return {
    ...below,
    ...(description !== undefined && { description }),
    ...(impact !== undefined && { impact }),
    ...(unit !== undefined && { unit }),
  };
}

function textOf(node: SchemaNode, keyword: string): string | undefined {
  const value = annotationOf(node, keyword);
  return typeof value === "string" ? value : undefined;
}

function flagOf(node: SchemaNode, keyword: string): boolean | undefined {
  const value = annotationOf(node, keyword);
  return typeof value === "boolean" ? value : undefined;
}
