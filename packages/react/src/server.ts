export { serializeInitial } from "./serialize-initial.ts";
