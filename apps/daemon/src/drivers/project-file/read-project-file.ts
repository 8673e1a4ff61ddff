import { existsSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isJsonObject, parseJson, type ProjectDocument, projectDocument } from "@setpoint/core";
import { projectFileNames } from "./project-file-names.ts";
import { runInGroup } from "./run-in-group.ts";

export interface ProjectFileLimits {
  /** How long the file may take to be evaluated. */
  readonly evaluationMs: number;
  /** Bytes of the project as data. */
  readonly documentBytesMax: number;
}

export const projectFileLimits: ProjectFileLimits = { evaluationMs: 10_000, documentBytesMax: 16 * 1024 * 1024 };

export type ProjectFile =
  | { readonly state: "read"; readonly path: string; readonly project: ProjectDocument }
  | { readonly state: "none" }
  /** Nothing was evaluated: the file threw, printed nothing, took too long, or there are two. */
  | { readonly state: "failed"; readonly path: string; readonly detail: string }
  /** It was evaluated and has not the form of a project; the detail begins with the place. */
  | { readonly state: "malformed"; readonly path: string; readonly detail: string };

/** Reads the project file of a folder, evaluated in a short-lived child process of its own: it is the user's code. */
export async function readProjectFile(folder: string, limits = projectFileLimits): Promise<ProjectFile> {
  const found = projectFileNames.map((name) => join(folder, name)).filter((path) => existsSync(path));
  const [path, other] = found;
  if (path === undefined) return { state: "none" };
  if (other !== undefined) return { state: "failed", path, detail: `There is ${other} too; keep one of them.` };
  const result = await evaluateInChild(path, limits);
  if (result.ok) return { state: "read", path, project: result.project };
  return { state: result.isForm ? "malformed" : "failed", path, detail: result.detail };
}

type Evaluated =
  | { readonly ok: true; readonly project: ProjectDocument }
  | { readonly ok: false; readonly isForm?: true; readonly detail: string };

async function evaluateInChild(path: string, { evaluationMs, documentBytesMax }: ProjectFileLimits): Promise<Evaluated> {
  const program = fileURLToPath(new URL(`./evaluate-project${extname(import.meta.url)}`, import.meta.url));
  const outcome = await runInGroup([program, path], {
    cwd: dirname(path),
    env: scrubbed(process.env),
    timeoutMs: evaluationMs,
    bytesMax: documentBytesMax,
  });
  if (outcome.state === "not-started") return { ok: false, detail: `It could not be evaluated: ${outcome.cause.message}` };
  if (outcome.state === "cut")
    return { ok: false, detail: `It was not evaluated within ${evaluationMs} ms and ${documentBytesMax} bytes.` };
  return readEvaluation(outcome.text) ?? { ok: false, detail: `Evaluating it printed no project. ${outcome.words}` };
}

/** What the child says. The user's code ran beside it and may have said it itself, so nothing of it is trusted. */
function readEvaluation(text: string): Evaluated | undefined {
  const said = parseJson(text);
  if (!said.ok || !isJsonObject(said.value)) return undefined;
  const { ok, project, detail, isForm } = said.value;
  if (ok !== true) return typeof detail === "string" ? { ok: false, detail, ...(isForm === true && { isForm }) } : undefined;
  const result = projectDocument(project);
  return result.ok
    ? { ok: true, project: result.project }
    : { ok: false, isForm: true, detail: `${result.refusal.at || "/"} ${result.refusal.reason}` };
}

/** The environment without what would change how the child runs, and without Setpoint's own tokens. */
function scrubbed(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const dropped = /^(NODE_OPTIONS|NODE_TLS_REJECT_UNAUTHORIZED|LD_PRELOAD|LD_AUDIT|DYLD_.*|GIT_.*|SETPOINT_TOKEN.*)$/;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !dropped.test(name)));
}
