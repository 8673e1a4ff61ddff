import type { RegisteredConfig } from "./register.ts";
import { useSelection } from "./use-selection.ts";

/**
 * What `selector` takes from the configuration in force; without one, all of it. The component renders again only when that
 * changes: plain objects and arrays that a selector builds count as equal while they hold the same.
 * Before the first values the configuration is an empty tree.
 */
export function useConfig(): RegisteredConfig;
export function useConfig<Selected>(selector: (config: RegisteredConfig) => Selected): Selected;
export function useConfig(selector?: (config: RegisteredConfig) => unknown): unknown {
  return useSelection("config", selector);
}
