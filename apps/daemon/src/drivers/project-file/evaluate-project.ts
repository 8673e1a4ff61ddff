// Runs in a child process: evaluates a project file and prints it as data. Whatever the file prints itself goes to standard error.
import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { parseJson, projectDocument } from "@setpoint/core";

console.log = console.info = console.debug = console.error;

const [path] = process.argv.slice(2) as [string];

async function evaluate(): Promise<unknown> {
  if (path.endsWith(".json")) {
    const json = parseJson((await readFile(path, "utf8")).replace(/^\uFEFF/, ""));
    if (!json.ok) throw new Error(`${json.refusal.at || "/"} ${json.refusal.reason}`);
    return json.value;
  }
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
  answer = { ok: false, detail: wordsOf(error) };
}
writeFileSync(3, JSON.stringify(answer));
process.exit(0);

/** What was thrown, in words: a program may throw anything. */
function wordsOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `It threw ${inspect(thrown)}.`;
  const hint =
    (thrown as NodeJS.ErrnoException).code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX"
      ? " (Node strips types and runs no other TypeScript: replace enums, namespaces and parameter properties, or use .js or .json)"
      : "";
  return `${thrown.message}${hint}`;
}
