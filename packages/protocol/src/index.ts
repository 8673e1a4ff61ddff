export * from "./access.ts";
export * from "./frames.ts";
export * from "./models.ts";
export * from "./parts.ts";
export * from "./requests.ts";
export * from "./routes.ts";
export * from "./up-frame.ts";
