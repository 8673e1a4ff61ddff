"use client";

export type { Register, RegisteredConfig } from "./register.ts";
export { SetpointProvider, type SetpointProviderProps } from "./setpoint-provider.ts";
export { useConfig } from "./use-config.ts";
export { useConfigSuspense } from "./use-config-suspense.ts";
export { useSetpointStatus } from "./use-setpoint-status.ts";
