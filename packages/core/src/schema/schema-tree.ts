import type { Json } from "../json.ts";
import type { KeyMetadata } from "./model.ts";
import type { SchemaNode } from "./schema-node.ts";

/** A key that has a value: what is known of it before its name is, since an open map's entries share one place. */
export interface LeafPlace {
  readonly kind: "leaf";
  readonly node: SchemaNode;
  readonly metadata: KeyMetadata;
  readonly default?: Json;
  readonly required: boolean;
}

/** A declared object, or an open map whose entries are keys. */
export interface BranchPlace {
  readonly kind: "branch";
  readonly members: ReadonlyMap<string, Place>;
  /** The place of every entry that is not declared. */
  readonly entry?: Place;
}

/** One node of the tree of keys that a schema spans. */
export type Place = LeafPlace | BranchPlace;

/** The place that a path of segments leads to from a branch. */
export function placeAt(root: BranchPlace, segments: readonly string[]): Place | undefined {
  let place: Place | undefined = root;
  for (const segment of segments) {
    if (place?.kind !== "branch") return undefined;
    place = place.members.get(segment) ?? place.entry;
  }
  return place;
}
