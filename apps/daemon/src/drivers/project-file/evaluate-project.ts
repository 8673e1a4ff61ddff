// Runs in a child process: evaluates a project file and prints it as data. Whatever the file prints itself goes to standard error.
import { writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { projectDocument } from "@setpoint/core";

console.log = console.info = console.debug = console.error;

const [path] = process.argv.slice(2) as [string];

async function evaluate(): Promise<unknown> {
  if (path.endsWith(".json")) return JSON.parse((await readFile(path, "utf8")).replace(/^\uFEFF/, ""));
  const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
  if (module.default === undefined) throw new Error("The file has no default export; write `export default defineConfig({ … })`.");
  return module.default;
}

let answer: unknown;
try {
  const result = projectDocument(await evaluate());
  answer = result.ok
    ? { ok: true, project: result.project }
    : { ok: false, isForm: true, detail: `${result.refusal.at || "/"} ${result.refusal.reason}` };
} catch (error) {
  const fault = error as Error & { code?: string };
  const hint =
    fault.code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX"
      ? " (Node strips types and runs no other TypeScript: replace enums, namespaces and parameter properties, or use .js or .json)"
      : "";
  answer = { ok: false, detail: `${fault.message}${hint}` };
}
writeSync(3, JSON.stringify(answer));
process.exit(0);
