import { isJsonObject, jsonDepthMax, type JsonObject } from "../json.ts";
import { nameRefusal } from "../key.ts";
import type { EnvironmentConfig } from "./define-config.ts";
import { pointerTo } from "./json-pointer.ts";
import { jsonValueRefusal } from "./json-value.ts";
import { schemaLimits } from "./limits.ts";

/** A project as data: the JSON form of `setpoint.config.*` with its defaults filled in. */
export interface ProjectDocument {
  readonly environments: readonly EnvironmentConfig[];
  readonly defaultEnvironment: string;
  /** JSON Schema by namespace, not compiled yet. */
  readonly schemas: Readonly<Record<string, JsonObject>>;
  readonly sources?: JsonObject;
  readonly parameterApi?: { readonly namespace?: string; readonly environment?: string };
}

/** Where and why a project is refused; `at` is a JSON Pointer into it. */
export interface ProjectRefusal {
  readonly at: string;
  readonly reason: string;
}

export type ProjectResult =
  | { readonly ok: true; readonly project: ProjectDocument }
  | { readonly ok: false; readonly refusal: ProjectRefusal };

/** Environments that a project may list. */
export const projectEnvironmentsMax = 200;

/**
 * Turns a config, as `defineConfig` returns it or as plain JSON, into its JSON form. Members that are `undefined` are absent;
 * an unknown member, a wrong type or a name that names nothing is refused with its place.
 */
export function projectDocument(config: unknown): ProjectResult {
  try {
    return { ok: true, project: readProject(config) };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, refusal: error.refusal };
    throw error;
  }
}

/** Leaves the reading at the first refusal; never leaves this file. */
class Refused extends Error {
  readonly refusal: ProjectRefusal;

  constructor(at: string, reason: string) {
    super(reason);
    this.refusal = { at, reason };
  }
}

function readProject(config: unknown): ProjectDocument {
  const members = membersOf(config, "", ["environments", "defaultEnvironment", "schemas", "sources", "parameterApi"]);
  const environments = readEnvironments(members.get("environments"));
  const defaultEnvironment =
    optionalText(members.get("defaultEnvironment"), "/defaultEnvironment") ?? (environments[0] as EnvironmentConfig).name;
  mustName(environments, defaultEnvironment, "/defaultEnvironment");
  const schemas = readSchemas(members.get("schemas"));
  const sources = members.get("sources");
  const parameterApi = readParameterApi(members.get("parameterApi"));
  return {
    environments,
    defaultEnvironment,
    schemas,
    ...(sources !== undefined && { sources: readObject(sources, "/sources") }),
    ...(parameterApi && { parameterApi }),
  };
}

function readEnvironments(value: unknown): readonly EnvironmentConfig[] {
  if (value === undefined) return [{ name: "base" }];
  if (!Array.isArray(value)) throw new Refused("/environments", "must be a list of environments");
  if (value.length === 0) return [{ name: "base" }];
  if (value.length > projectEnvironmentsMax) throw new Refused("/environments", `must have at most ${projectEnvironmentsMax} environments`);
  const environments = value.map((item: unknown, index) => readEnvironment(item, pointerTo("/environments", index)));
  const parents = new Map<string, string | undefined>();
  for (const [index, { name, parent }] of environments.entries()) {
    if (parents.has(name))
      throw new Refused(
        pointerTo(pointerTo("/environments", index), "name"),
        `names the environment ${JSON.stringify(name)} a second time`,
      );
    parents.set(name, parent);
  }
  for (const [index, { name, parent }] of environments.entries()) {
    const at = pointerTo(pointerTo("/environments", index), "parent");
    if (parent !== undefined) mustName(environments, parent, at);
    const chain = new Set([name]);
    for (let above = parent; above !== undefined; above = parents.get(above)) {
      if (chain.has(above)) throw new Refused(at, `leads back to ${JSON.stringify(above)}: environments form a tree`);
      chain.add(above);
    }
  }
  return environments;
}

function readEnvironment(value: unknown, at: string): EnvironmentConfig {
  const members = membersOf(value, at, ["name", "parent", "description", "isProduction", "approvalRequired", "autoSync"]);
  const name = optionalText(members.get("name"), pointerTo(at, "name"));
  if (name === undefined) throw new Refused(at, "must have a name");
  const refusal = nameRefusal(name);
  if (refusal !== undefined) throw new Refused(pointerTo(at, "name"), refusal);
  const texts = ["parent", "description"].map((member) => [member, optionalText(members.get(member), pointerTo(at, member))]);
  const flags = ["isProduction", "approvalRequired", "autoSync"].map((member) => [
    member,
    optionalFlag(members.get(member), pointerTo(at, member)),
  ]);
  return { name, ...Object.fromEntries([...texts, ...flags].filter(([, given]) => given !== undefined)) };
}

function readSchemas(value: unknown): Readonly<Record<string, JsonObject>> {
  if (value === undefined) return {};
  if (!isObject(value)) throw new Refused("/schemas", "must be an object of schemas by namespace");
  const schemas: [string, JsonObject][] = [];
  for (const [namespace, schema] of Object.entries(value)) {
    if (schema === undefined) continue;
    const at = pointerTo("/schemas", namespace);
    const refusal = nameRefusal(namespace);
    if (refusal !== undefined) throw new Refused(at, `is no namespace: it ${refusal}`);
    schemas.push([namespace, readObject(isDefined(schema) ? schema.document : schema, at)]);
  }
  return Object.fromEntries(schemas);
}

/** Recognised by its shape: the config's own copy of this package may be another one than the reader's. */
function isDefined(schema: unknown): schema is { readonly document: unknown } {
  return isObject(schema) && Object.hasOwn(schema, "zod") && Object.hasOwn(schema, "document");
}

/** Names only: what they name may exist in the store without standing in the config. */
function readParameterApi(value: unknown): ProjectDocument["parameterApi"] {
  if (value === undefined) return undefined;
  const members = membersOf(value, "/parameterApi", ["namespace", "environment"]);
  const namespace = optionalName(members.get("namespace"), "/parameterApi/namespace");
  const environment = optionalName(members.get("environment"), "/parameterApi/environment");
  return { ...(namespace !== undefined && { namespace }), ...(environment !== undefined && { environment }) };
}

function membersOf(value: unknown, at: string, allowed: readonly string[]): ReadonlyMap<string, unknown> {
  if (!isObject(value)) throw new Refused(at, "must be an object");
  for (const name of Object.keys(value)) {
    if (!allowed.includes(name)) throw new Refused(pointerTo(at, name), `is not known here; known are ${allowed.join(", ")}`);
  }
  return new Map(Object.entries(value));
}

/** A JSON object, copied without its `undefined` members. */
function readObject(value: unknown, at: string): JsonObject {
  const copy = withoutUndefined(value, jsonDepthMax, { valuesLeft: schemaLimits.documentBytesMax });
  if (!isJsonObject(copy) || jsonValueRefusal(copy, jsonDepthMax, schemaLimits.documentBytesMax) !== undefined) {
    throw new Refused(at, `must be a JSON object of at most ${jsonDepthMax} levels and ${schemaLimits.documentBytesMax} bytes`);
  }
  return copy;
}

/** What is too deep, too large or no plain object stays as it is, for the check that follows to refuse. */
function withoutUndefined(value: unknown, levels: number, budget: { valuesLeft: number }): unknown {
  budget.valuesLeft -= 1;
  if (levels === 0 || budget.valuesLeft < 0) return value;
  if (Array.isArray(value)) return value.map((item) => withoutUndefined(item, levels - 1, budget));
  if (!isObject(value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutUndefined(member, levels - 1, budget)]));
}

function mustName(environments: readonly EnvironmentConfig[], name: string, at: string): void {
  if (!environments.some((environment) => environment.name === name))
    throw new Refused(at, `${JSON.stringify(name)} is none of the environments`);
}

function optionalText(value: unknown, at: string): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  throw new Refused(at, "must be text");
}

function optionalName(value: unknown, at: string): string | undefined {
  const name = optionalText(value, at);
  const refusal = name === undefined ? undefined : nameRefusal(name);
  if (refusal !== undefined) throw new Refused(at, refusal);
  return name;
}

function optionalFlag(value: unknown, at: string): boolean | undefined {
  if (value === undefined || typeof value === "boolean") return value;
  throw new Refused(at, "must be true or false");
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    (Object.getPrototypeOf(value) === null || Object.getPrototypeOf(Object.getPrototypeOf(value)) === null)
  );
}
