import * as React from "react";
import { isInPage } from "./page-client.ts";
import type { RegisteredConfig } from "./register.ts";
import { useProvided } from "./setpoint-provider.ts";
import { useSelection } from "./use-selection.ts";

type Selector<Selected> = (config: RegisteredConfig) => Selected;

/**
 * What `selector` takes from the configuration in force; without one, all of it. The component renders again only when that
 * changes: plain objects and arrays that a selector builds count as equal while they hold the same.
 * Before the first values the configuration is an empty tree.
 */
export function useConfig(): RegisteredConfig;
export function useConfig<Selected>(selector: Selector<Selected>): Selected;
export function useConfig(selector?: Selector<unknown>): unknown {
  return useSelection("config", selector);
}

/**
 * As `useConfig`, but a component that comes before the first values waits for them in its Suspense boundary. Needs React 19,
 * and on a server a provider with `initial`.
 */
export function useConfigSuspense(): RegisteredConfig;
export function useConfigSuspense<Selected>(selector: Selector<Selected>): Selected;
export function useConfigSuspense(selector?: Selector<unknown>): unknown {
  const { source } = useProvided();
  if (source.status.source === "none") {
    if (!isInPage()) throw new Error("A server needs `initial`");
    // Nobody else may keep the connection open: a provider inside of the boundary is not mounted yet.
    const release = source.retain?.();
    void source.ready.then(release);
    React.use(source.ready);
  }
  return useSelection("config", selector);
}
