import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ProjectDocument } from "@setpoint/core";

export const projectFileLimits = {
  /** How long the file may take to be evaluated. */
  evaluationMs: 10_000,
  /** Bytes of the project as data. */
  documentBytesMax: 16 * 1024 * 1024,
} as const;

export type ProjectFile =
  | { readonly state: "read"; readonly path: string; readonly project: ProjectDocument }
  | { readonly state: "none" }
  /** Nothing was evaluated: the file threw, printed nothing, took too long, or there are two. */
  | { readonly state: "failed"; readonly path: string; readonly detail: string }
  /** It was evaluated and has not the form of a project; the detail begins with the place. */
  | { readonly state: "malformed"; readonly path: string; readonly detail: string };

const names = ["setpoint.config.ts", "setpoint.config.js", "setpoint.config.mjs", "setpoint.config.json"];

/** Reads the project file of a folder, evaluated in a short-lived child process of its own: it is the user's code. */
export async function readProjectFile(folder: string): Promise<ProjectFile> {
  const found = names.map((name) => join(folder, name)).filter((path) => existsSync(path));
  const [path, other] = found;
  if (path === undefined) return { state: "none" };
  if (other !== undefined) return { state: "failed", path, detail: `There is ${other} too; keep one of them.` };
  const result = await evaluateInChild(path);
  if (result.ok) return { state: "read", path, project: result.project };
  return { state: result.isForm ? "malformed" : "failed", path, detail: result.detail };
}

type Evaluated =
  | { readonly ok: true; readonly project: ProjectDocument }
  | { readonly ok: false; readonly isForm?: true; readonly detail: string };

function evaluateInChild(path: string): Promise<Evaluated> {
  const program = fileURLToPath(new URL(`./evaluate-project${extname(import.meta.url)}`, import.meta.url));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, path], {
      cwd: dirname(path),
      env: scrubbed(process.env),
      stdio: ["ignore", "ignore", "pipe", "pipe"],
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), projectFileLimits.evaluationMs);
    const chunks: Buffer[] = [];
    let size = 0;
    let words = "";
    const output = child.stdio[3] as NodeJS.ReadableStream;
    output.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > projectFileLimits.documentBytesMax) child.kill("SIGKILL");
      else chunks.push(chunk);
    });
    child.stderr?.on("data", (chunk: Buffer) => (words = (words + chunk.toString("utf8")).slice(-4_000)));
    child.on("error", (error) => resolve({ ok: false, detail: `It could not be evaluated: ${error.message}` }));
    child.on("close", (_code, signal) => {
      clearTimeout(timer);
      if (signal) {
        resolve({
          ok: false,
          detail: `It was not evaluated within ${projectFileLimits.evaluationMs} ms and ${projectFileLimits.documentBytesMax} bytes.`,
        });
        return;
      }
      try {
        resolve(JSON.parse(Buffer.concat(chunks).toString("utf8")) as Evaluated);
      } catch {
        resolve({ ok: false, detail: `Evaluating it printed no project. ${words.trim()}` });
      }
    });
  });
}

/** The environment without what would change how the child runs, and without Setpoint's own tokens. */
function scrubbed(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const dropped = /^(NODE_OPTIONS|NODE_TLS_REJECT_UNAUTHORIZED|LD_PRELOAD|LD_AUDIT|DYLD_.*|GIT_.*|SETPOINT_TOKEN.*)$/;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !dropped.test(name)));
}
