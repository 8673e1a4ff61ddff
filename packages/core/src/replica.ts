/** What a replica needs and nothing else: no schema library, so that a browser bundle stays small. */
export { canonicalJson, deepFreeze, isJsonObject, jsonEqual, type Json, type JsonObject } from "./json.ts";
export { keyMatcher } from "./key-matcher.ts";
export { addSums, emptyStateSum, recordSum, stateHashText, subtractSums, type HashedKind, type StateSum } from "./records/state-hash.ts";
export { editTree, emptyTree, patchTree, type ConfigTree } from "./resolve/tree.ts";
