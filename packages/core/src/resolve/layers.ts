/**
 * The places a value can come from, lowest to highest: the highest that has a value wins.
 * This list alone fixes their order, and why each stands where it does:
 * what ships with the code yields to what the team versions, that to what an operator stores,
 * that to what one person prefers, and an operator's variable or the process itself can always override.
 */
export const layers = ["default", "files", "git", "template", "inherited", "stored", "preference", "variables", "override"] as const;

export type Layer = (typeof layers)[number];

/** Layers whose records live in the log per environment (or for all environments), highest first: the order of the walk. */
export const recordedLayers: readonly Layer[] = ["variables", "stored", "inherited", "template", "git", "files"];

/** Layers that an environment takes over from its ancestors, live. The others hold for their own environment only. */
export const inheritedLayers: ReadonlySet<Layer> = new Set<Layer>(["stored", "template", "git", "files"]);
