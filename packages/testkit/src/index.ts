export * from "./change-log-contract.ts";
export * from "./adapter-contract.ts";
export * from "./daemon-upstream.ts";
export * from "./memory-upstream.ts";
export * from "./open-requests.ts";
