import { isJsonObject, jsonEqual, type Json } from "../json.ts";
import { keyRefusal, segmentRefusal } from "../key.ts";
import { typeNamesOf } from "./describe.ts";
import { pointerTo } from "./json-pointer.ts";
import { keywords } from "./keywords.ts";
import { schemaLimits } from "./limits.ts";
import { annotationOf, inheritedBelow, metadataOf, noMetadata, type InheritedMetadata } from "./metadata.ts";
import { placeOf, type SchemaIssues } from "./schema-issues.ts";
import { childrenOf, keywordOf, type SchemaNode } from "./schema-node.ts";
import type { BranchPlace, LeafPlace, Place } from "./schema-tree.ts";

/** What a place knows from the branches above it. */
interface Above {
  /** The dotted key; an open map's entry is `*`. */
  readonly key: string;
  readonly required: boolean;
  readonly inherited: InheritedMetadata;
  /** What the defaults of the branches above say about this place. */
  readonly defaults: readonly Json[];
}

/**
 * Decides which subschemas are branches and which are leaves, and refuses what a branch cannot enforce.
 * @returns the tree below the namespace; of no use when `issues` has any
 */
export function plantTree(namespace: string, root: SchemaNode, issues: SchemaIssues): BranchPlace {
  const planting = new Planting(issues);
  const refusal = keyRefusal(namespace);
  if (refusal !== undefined || namespace.includes(".")) {
    const message = `The namespace ${JSON.stringify(namespace)} ${refusal ?? "must be one segment"}.`;
    issues.add({ pointer: "", message, expected: "a name of one segment", received: namespace });
  }
  const above: Above = { key: namespace, required: true, inherited: noMetadata, defaults: [] };
  const target = targetOf(root);
  if (isBranch(root, target) || (isObject(target) && typeNamesOf(target).length > 0)) return planting.branch(root, target, above);
  const message = "The root must be an object schema: its properties are the namespace's keys.";
  issues.add({ pointer: "", message, expected: { type: "object" }, received: root.schema });
  return { kind: "branch", members: new Map() };
}

class Planting {
  readonly #issues: SchemaIssues;
  #leaves = 0;

  constructor(issues: SchemaIssues) {
    this.#issues = issues;
  }

  #place(node: SchemaNode, above: Above): Place {
    const target = targetOf(node);
    return isBranch(node, target) ? this.branch(node, target, above) : this.#leaf(node, above);
  }

  branch(node: SchemaNode, target: SchemaNode, above: Above): BranchPlace {
    for (let at: SchemaNode | undefined = node; at; at = at === target ? undefined : at.ref)
      this.#checkBranchKeywords(at, annotationOf(node, "x-setpoint-entries") !== undefined);
    const own = annotationOf(node, "default");
    const defaults = this.#branchDefaults(node, target, own === undefined ? above.defaults : [...above.defaults, own]);
    const required = this.#requiredOf(target);
    const inherited = inheritedBelow(node, above.inherited);
    const members = new Map<string, Place>();
    for (const [name, property] of target.properties) {
      const key = `${above.key}.${name}`;
      if (!this.#isKey(key, name, property.pointer)) continue;
      const given = defaults.filter((value) => Object.hasOwn(value, name)).map((value) => value[name] as Json);
      members.set(name, this.#place(property, { key, required: above.required && required.has(name), inherited, defaults: given }));
    }
    if (annotationOf(node, "x-setpoint-entries") === undefined) return { kind: "branch", members };
    return { kind: "branch", members, ...this.#entry(node, target, above.key, inherited) };
  }

  #entry(node: SchemaNode, target: SchemaNode, key: string, inherited: InheritedMetadata): { entry?: Place } {
    const { additionalProperties } = target;
    if (!additionalProperties || additionalProperties.schema === false) {
      const message = `The object at ${placeOf(node.pointer)} is marked x-setpoint-entries, but has no additionalProperties that say what an entry is.`;
      this.#issues.add({
        pointer: node.pointer,
        message,
        expected: "additionalProperties with a schema",
        received: additionalProperties?.schema ?? null,
      });
      return {};
    }
    return { entry: this.#place(additionalProperties, { key: `${key}.*`, required: false, inherited, defaults: [] }) };
  }

  #leaf(node: SchemaNode, above: Above): LeafPlace {
    this.#leaves += 1;
    if (this.#leaves === schemaLimits.leavesMax + 1) {
      const message = `The schema has more than ${schemaLimits.leavesMax} leaves.`;
      this.#issues.add({ pointer: "", message, expected: { leaves: schemaLimits.leavesMax }, received: this.#leaves });
    }
    this.#checkLeaf(node);
    const metadata = metadataOf(node, above.inherited, this.#issues);
    const own = annotationOf(node, "default");
    const [first, ...others] = own === undefined ? above.defaults : [own, ...above.defaults];
    const conflict = others.find((other) => !jsonEqual(other, first));
    if (conflict !== undefined) {
      const message = `The key ${above.key} has two different defaults: its own or a nearer object's, and that of an object around it.`;
      this.#issues.add({ pointer: node.pointer, message, expected: first ?? null, received: conflict });
    }
    return {
      kind: "leaf",
      node,
      metadata,
      required: above.required && first === undefined,
      ...(first !== undefined && { default: first }),
    };
  }

  #isKey(key: string, name: string, pointer: string): boolean {
    // The name by itself first: its dot would pass for two segments, its star for an entry.
    const refusal = segmentRefusal(name) ?? keyRefusal(key.replaceAll("*", "x"));
    if (refusal === undefined) return true;
    this.#issues.add({
      pointer,
      message: `The property at ${pointer} is no key: ${JSON.stringify(key)} ${refusal}.`,
      expected: "a key",
      received: key,
    });
    return false;
  }

  #requiredOf(target: SchemaNode): ReadonlySet<string> {
    const required = keywordOf(target, "required");
    const names = Array.isArray(required) ? (required as readonly string[]) : [];
    const undeclared = names.filter((name) => !target.properties.has(name));
    if (undeclared.length > 0) {
      const message = `The keyword "required" at ${placeOf(target.pointer)} names ${undeclared.join(", ")}, which properties does not declare.`;
      this.#issues.add({
        pointer: pointerTo(target.pointer, "required"),
        message,
        expected: "names of declared properties",
        received: required,
      });
    }
    return new Set(names);
  }

  /** The default of a declared object says what its members default to; it has no value of its own. */
  #branchDefaults(node: SchemaNode, target: SchemaNode, defaults: readonly Json[]): readonly Record<string, Json>[] {
    return defaults.filter((value): value is Record<string, Json> => {
      const undeclared = isJsonObject(value) ? Object.keys(value).filter((name) => !target.properties.has(name)) : undefined;
      if (undeclared?.length === 0) return true;
      const message = undeclared
        ? `The default of the object at ${placeOf(node.pointer)} names ${undeclared.join(", ")}, which properties does not declare.`
        : `The default of the object at ${placeOf(node.pointer)} must be an object.`;
      this.#issues.add({
        pointer: pointerTo(node.pointer, "default"),
        message,
        expected: "an object of declared members",
        received: value,
      });
      return false;
    });
  }

  #checkBranchKeywords(node: SchemaNode, hasEntries: boolean): void {
    for (const [name, value] of Object.entries(node.schema)) {
      if (keywords.get(name)?.place !== "value" && !(name === "additionalProperties" && value !== false && !hasEntries)) continue;
      if (name === "propertyNames" && hasEntries && isAnyName(value as Json)) continue;
      const message =
        name === "additionalProperties"
          ? `The object at ${placeOf(node.pointer)} declares properties, so no other members can exist; leave "additionalProperties" out, or mark the object "x-setpoint-entries": "keys".`
          : `The keyword ${JSON.stringify(name)} at ${placeOf(node.pointer)} cannot be enforced on an object whose members are keys of their own.`;
      this.#issues.add({ pointer: pointerTo(node.pointer, name), message, expected: "no such keyword here", received: value });
    }
  }

  #checkLeaf(node: SchemaNode): void {
    for (let at: SchemaNode | undefined = node; at; at = at.ref) {
      const target = targetOf(at);
      if (at.ref && target === at && isBranch(at.ref, targetOf(at.ref))) {
        const message = `The reference at ${placeOf(at.pointer)} leads to a declared object; beside it only annotations may stand.`;
        this.#issues.add({ pointer: pointerTo(at.pointer, "$ref"), message, expected: "annotations only", received: at.schema });
      }
      if (annotationOf(at, "x-setpoint-entries") !== undefined) this.#refuseEntries(at);
      for (const child of childrenOf(at)) if (child !== at.ref) this.#checkInside(child);
    }
  }

  #refuseEntries(node: SchemaNode): void {
    const message = `x-setpoint-entries at ${placeOf(node.pointer)} needs "type": "object" and additionalProperties.`;
    this.#issues.add({
      pointer: pointerTo(node.pointer, "x-setpoint-entries"),
      message,
      expected: { type: "object" },
      received: node.schema,
    });
  }

  readonly #inside = new Set<SchemaNode>();

  #checkInside(node: SchemaNode): void {
    if (this.#inside.has(node)) return;
    this.#inside.add(node);
    for (const [name, value] of Object.entries(node.schema)) {
      if (keywords.get(name)?.place !== "key") continue;
      const message = `The keyword ${JSON.stringify(name)} at ${placeOf(node.pointer)} is inside a value, where nothing acts on it; put it on the key.`;
      this.#issues.add({ pointer: pointerTo(node.pointer, name), message, expected: "no such keyword here", received: value });
    }
    for (const child of childrenOf(node)) this.#checkInside(child);
  }
}

/** The node that says what values are: a node that only annotates a reference stands for what it refers to. */
export function targetOf(node: SchemaNode): SchemaNode {
  let at = node;
  while (at.ref && Object.keys(at.schema).every((name) => name === "$ref" || keywords.get(name)?.isAnnotation === true)) at = at.ref;
  return at;
}

function isObject(target: SchemaNode): boolean {
  const names = typeNamesOf(target);
  return typeof target.schema === "object" && (names.length === 0 || (names.length === 1 && names[0] === "object"));
}

function isBranch(node: SchemaNode, target: SchemaNode): boolean {
  return (
    isObject(target) &&
    (target.properties.size > 0 || (annotationOf(node, "x-setpoint-entries") !== undefined && typeNamesOf(target).length > 0))
  );
}

function isAnyName(propertyNames: Json): boolean {
  return propertyNames === true || jsonEqual(propertyNames, {}) || jsonEqual(propertyNames, { type: "string" });
}
