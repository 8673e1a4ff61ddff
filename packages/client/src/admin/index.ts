export { type Admin, type AdminOptions, type CallAnswer, type CallInput, createAdmin } from "./create-admin.ts";
export { ProblemError, type ProblemCode } from "./problem-error.ts";
