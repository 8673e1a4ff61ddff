export type { ContextOf, RequestScope } from "./context.ts";
export { currentConfig } from "./current-config.ts";
export type { Register, RegisteredConfig } from "./register.ts";
export { setpoint, type SetpointOptions } from "./setpoint.ts";
