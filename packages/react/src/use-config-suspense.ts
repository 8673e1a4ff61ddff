import * as React from "react";
import { isInPage } from "./page-client.ts";
import type { RegisteredConfig } from "./register.ts";
import { useProvided } from "./setpoint-provider.ts";
import { useSelection } from "./use-selection.ts";

/**
 * As `useConfig`, but a component that comes before the first values waits for them in its Suspense boundary. Needs React 19,
 * and on a server a provider with `initial`.
 */
export function useConfigSuspense(): RegisteredConfig;
export function useConfigSuspense<Selected>(selector: (config: RegisteredConfig) => Selected): Selected;
export function useConfigSuspense(selector?: (config: RegisteredConfig) => unknown): unknown {
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
