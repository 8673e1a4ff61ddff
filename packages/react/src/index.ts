"use client";

export type { Register, RegisteredConfig } from "./register.ts";
export { SetpointProvider, type SetpointProviderProps } from "./setpoint-provider.ts";
export { useConfig, useConfigSuspense } from "./use-config.ts";
export { useSetpointStatus } from "./use-setpoint-status.ts";
