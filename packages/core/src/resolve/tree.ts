import { deepFreeze, type Json } from "../json.ts";

/** The nested, frozen form of flat values: `{"a.b": 1}` ↔ `{a: {b: 1}}`. */
export interface ConfigTree {
  readonly [segment: string]: ConfigTree | Json;
}

export const emptyTree: ConfigTree = /* @__PURE__ */ Object.freeze({});

/**
 * The tree after setting and unsetting flat keys. Branches that hold no changed key keep their identity; a branch whose last
 * key is unset stays as an empty object, so that a path into it stays readable. Values become deeply frozen.
 * No key may lie below another.
 */
export function patchTree(tree: ConfigTree, set: Iterable<readonly [key: string, value: Json]>, unset: Iterable<string>): ConfigTree {
  return editTree(tree, [...Array.from(unset, (key) => ({ key })), ...Array.from(set, ([key, value]) => ({ key, value }))]);
}

/** The same as `patchTree` for edits in their order; an edit without a value unsets its key. */
export function editTree(tree: ConfigTree, edits: Iterable<{ readonly key: string; readonly value?: Json | undefined }>): ConfigTree {
  type Branch = Record<string, ConfigTree | Json>;
  // Only what this call has copied is not frozen yet.
  const own = (branch: unknown): Branch => (Object.isFrozen(branch) ? { ...(branch as Branch) } : (branch as Branch));
  for (const { key, value } of edits) {
    const segments = key.split(".");
    const last = segments.pop() as string;
    let branch = own(tree);
    tree = branch;
    for (const segment of segments) branch = branch[segment] = own(Object.hasOwn(branch, segment) ? branch[segment] : undefined);
    if (value === undefined) delete branch[last];
    else branch[last] = value;
  }
  return deepFreeze(tree);
}
