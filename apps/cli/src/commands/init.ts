import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { CliError, usageError } from "../cli-error.ts";
import { commandLine, pathFrom } from "../command-line.ts";
import { escapeTerminal } from "../escape-terminal.ts";
import { exitCodes } from "../exit-codes.ts";
import { jsonProject, typescriptProject } from "../first-project.ts";
import type { Define, Invocation } from "../invocation.ts";
import { examples } from "../shared-options.ts";

interface InitOptions {
  readonly format?: string;
}

const configNames = ["setpoint.config.ts", "setpoint.config.js", "setpoint.config.mjs", "setpoint.config.json"];

export const defineInit: Define = (command, act) => {
  examples(command, ["setpoint init", "setpoint init my-app", "setpoint init --format json"])
    .argument("[folder]", "the project's folder", ".")
    .option("--format <format>", "ts or json (default: ts where @setpoint/core and zod are installed)");
  command.action((folder: string, options: InitOptions) => act(command, (invocation) => init(invocation, folder, options)));
};

/** Writes a first project of three keys; nothing that exists is overwritten. */
async function init(invocation: Invocation, given: string, { format }: InitOptions): Promise<void> {
  const { cwd, output, options } = invocation;
  if (format !== undefined && format !== "ts" && format !== "json")
    throw usageError(`--format takes ts or json; "${escapeTerminal(format)}" is neither.`);
  const folder = resolve(cwd, options.project ?? ".", given);
  const existing = configNames.find((name) => existsSync(join(folder, name)));
  if (existing !== undefined) {
    throw new CliError(
      exitCodes.conflict,
      `${escapeTerminal(pathFrom(cwd, join(folder, existing)))} exists already; nothing was written.`,
      {
        fix: commandLine({ cwd, options: { color: true, input: true } }, ["up", ...(folder === cwd ? [] : [pathFrom(cwd, folder)])]),
      },
    );
  }
  const isTyped = canImport(folder);
  const isTypescript = format === undefined ? isTyped : format === "ts";
  const path = join(folder, isTypescript ? "setpoint.config.ts" : "setpoint.config.json");
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(path, isTypescript ? typescriptProject : jsonProject, { flag: "wx" });
  } catch (cause) {
    throw new CliError(exitCodes.failed, `${escapeTerminal(path)} cannot be written: ${(cause as Error).message}`, { cause });
  }
  const ignored = await ignoreState(join(folder, ".gitignore"));
  const written = [path, ...(ignored ? [join(folder, ".gitignore")] : [])];

  const place = { cwd, options: { color: true, input: true } };
  const access = folder === cwd ? [] : ["-C", pathFrom(cwd, folder)];
  const next = [
    commandLine(place, ["up", ...access.slice(1)]),
    commandLine(place, [...access, "get"]),
    commandLine(place, [...access, "set", "app.maxItems", "20"]),
  ];
  output.result({
    json: { written, next },
    text: ({ bold, cyan, dim, green }) => [
      ...written.map((file) => `${green("✓")} ${escapeTerminal(pathFrom(cwd, file))}`),
      ...(format === undefined && !isTyped
        ? [dim("  JSON, because @setpoint/core and zod are not installed here; with them, init writes TypeScript.")]
        : []),
      "",
      bold("Next:"),
      `  ${cyan(next[0] ?? "")}   run the daemon, and in another terminal`,
      `  ${cyan(next[1] ?? "")}`,
      `  ${cyan(next[2] ?? "")}`,
    ],
    plain: () => written.map((file) => [escapeTerminal(file)]),
  });
  if (isTypescript && !isTyped) {
    output.note(
      `${output.noteStyle.yellow("warning:")} the file imports @setpoint/core and zod, and they are not installed here: npm install @setpoint/core zod`,
    );
  }
}

/** Whether a file in the folder could import what the TypeScript form needs: an import looks into node_modules here and above, nowhere else. */
function canImport(folder: string): boolean {
  return ["@setpoint/core", "zod"].every((name) => {
    for (let place = folder; ; place = dirname(place)) {
      if (existsSync(join(place, "node_modules", name, "package.json"))) return true;
      if (place === dirname(place)) return false;
    }
  });
}

/** Adds the state folder to .gitignore; says whether it had to. */
async function ignoreState(path: string): Promise<boolean> {
  const text = await readFile(path, "utf8").catch(() => "");
  if (/^\/?\.setpoint\/?\s*$/m.test(text)) return false;
  await appendFile(path, `${text === "" || text.endsWith("\n") ? "" : "\n"}.setpoint/\n`);
  return true;
}
