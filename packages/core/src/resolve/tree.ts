import { deepFreeze, type Json } from "../json.ts";

/** The nested, frozen form of flat values: `{"a.b": 1}` ↔ `{a: {b: 1}}`. */
export interface ConfigTree {
  readonly [segment: string]: ConfigTree | Json;
}

export const emptyTree: ConfigTree = Object.freeze({});

/**
 * The tree after setting and unsetting flat keys. Branches that hold no changed key keep their identity; a branch whose last
 * key is unset stays as an empty object, so that a path into it stays readable. Values become deeply frozen.
 */
export function patchTree(tree: ConfigTree, set: Iterable<readonly [key: string, value: Json]>, unset: Iterable<string>): ConfigTree {
  const fresh = new Set<object>();
  const own = (branch: ConfigTree | Json | undefined): Record<string, ConfigTree | Json> => {
    if (typeof branch === "object" && branch !== null && fresh.has(branch)) return branch as Record<string, ConfigTree | Json>;
    const copy = { ...(branch as ConfigTree | undefined) };
    fresh.add(copy);
    return copy;
  };
  let root: Record<string, ConfigTree | Json> | undefined;
  /** The copied branch that holds the key's last segment, and that segment. */
  const descend = (key: string): [Record<string, ConfigTree | Json>, string] => {
    root ??= own(tree);
    const segments = key.split(".");
    const last = segments.pop() as string;
    let branch = root;
    for (const segment of segments) branch = branch[segment] = own(Object.hasOwn(branch, segment) ? branch[segment] : undefined);
    return [branch, last];
  };
  for (const key of unset) {
    const [branch, last] = descend(key);
    delete branch[last];
  }
  for (const [key, value] of set) {
    const [branch, last] = descend(key);
    branch[last] = deepFreeze(value);
  }
  for (const branch of fresh) Object.freeze(branch);
  return root ?? tree;
}
