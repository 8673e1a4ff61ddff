import { isJsonObject, type Json } from "../json.ts";

/** A node of the environment tree, as stored and completed by defaults. */
export interface Environment {
  readonly name: string;
  readonly parent: string | null;
  readonly description: string;
  readonly isProduction: boolean;
  /** Takes approved changes only. */
  readonly approvalRequired: boolean;
  /** `false` = cut off from its parent: it resolves from its own records alone. */
  readonly autoSync: boolean;
  /** The revision of its record. */
  readonly version: number;
}

export const environmentLimits = { environmentsMax: 200, depthMax: 8 } as const;

const settingTypes: Readonly<Record<string, (value: Json) => boolean>> = {
  parent: (value) => value === null || typeof value === "string",
  description: (value) => typeof value === "string" && value.length <= 2_000,
  isProduction: (value) => typeof value === "boolean",
  approvalRequired: (value) => typeof value === "boolean",
  autoSync: (value) => typeof value === "boolean",
};

/** Why a stored form of an environment is refused; `undefined` when it is fine. */
export function environmentSettingsRefusal(settings: Json): string | undefined {
  if (!isJsonObject(settings)) return "must be an object";
  for (const [member, value] of Object.entries(settings)) {
    if (!Object.hasOwn(settingTypes, member)) return `has an unknown member "${member}"`;
    if (!settingTypes[member]?.(value)) return `has a member "${member}" of the wrong type or length`;
  }
  return undefined;
}

/** The environment that a stored form describes; the form was checked before it was stored. */
export function environmentOf(name: string, settings: Json, version: number): Environment {
  const given = (isJsonObject(settings) ? settings : {}) as Partial<Omit<Environment, "name" | "version">>;
  return {
    name,
    parent: given.parent ?? null,
    description: given.description ?? "",
    isProduction: given.isProduction ?? false,
    approvalRequired: given.approvalRequired ?? false,
    autoSync: given.autoSync ?? true,
    version,
  };
}

/** Finds an environment by name. */
export type EnvironmentLookup = (name: string) => Environment | undefined;

/**
 * The environments that a name resolves from, nearest first: itself, then its ancestors while they are synced.
 * Ends after `environmentLimits.depthMax` even if the tree were broken.
 */
export function chainOf(name: string, environment: EnvironmentLookup): readonly string[] {
  const chain: string[] = [];
  let node = environment(name);
  while (node && chain.length < environmentLimits.depthMax) {
    chain.push(node.name);
    if (!node.autoSync || node.parent === null) break;
    node = environment(node.parent);
  }
  return chain;
}

/** What is wrong with a tree of environments, and with which environment. */
export interface TreeFault {
  readonly kind: "unknown_parent" | "circle" | "too_deep" | "too_many";
  readonly environment: string;
  readonly detail: string;
}

/** The first fault of a tree: an unknown parent, a circle, too deep, too many; `undefined` when it is sound. */
export function treeFault(environments: readonly Environment[]): TreeFault | undefined {
  const { depthMax, environmentsMax } = environmentLimits;
  if (environments.length > environmentsMax) {
    const { name } = environments.at(-1) as Environment;
    return { kind: "too_many", environment: name, detail: `At most ${environmentsMax} environments.` };
  }
  const byName = new Map(environments.map((environment) => [environment.name, environment]));
  for (const { name, parent: first } of environments) {
    const path = [name];
    for (let parent = first; parent !== null;) {
      const node = byName.get(parent);
      if (!node) return { kind: "unknown_parent", environment: name, detail: `The parent "${parent}" of "${path.at(-1)}" does not exist.` };
      if (path.includes(parent)) return { kind: "circle", environment: name, detail: `${[...path, parent].join(" → ")} is a circle.` };
      path.push(parent);
      if (path.length > depthMax) {
        return { kind: "too_deep", environment: name, detail: `${path.join(" → ")} is deeper than ${depthMax} levels.` };
      }
      parent = node.parent;
    }
  }
  return undefined;
}
