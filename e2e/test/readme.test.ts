import { execFile } from "node:child_process";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { compileSchema, projectDocument } from "@setpoint/core";
import { describe, expect, test } from "vitest";
import { isAsShown } from "./snippets/expected-output.ts";
import { type Snippet, snippetsOf } from "./snippets/markdown-snippets.ts";
import { type ShellSession, startShell } from "./snippets/shell-session.ts";
import { copyWorkspace, linkModules, readPage, root, temporaryFolder } from "./snippets/workspace-copy.ts";

/** Pages whose every command is carried out. */
const tutorials = ["README.md", "docs/guides/getting-started.md"];
const pages = ["README.md", ...globSync(["docs/guides/*.md", "packages/*/README.md"], { cwd: root }).toSorted()];

const patienceMs = 15_000;
const pollMs = 20;

test("everything in the README is run, compared or type-checked", () => {
  const known = new Set(["bash", "text", "ts", "tsx"]);
  expect(snippetsOf(readPage("README.md")).filter(({ language }) => !known.has(language))).toEqual([]);
});

test.each(tutorials)("the commands of %s print what it shows", { timeout: 120_000 }, async (page) => {
  const folder = copyWorkspace();
  const ports = { 4747: await freePort(), 4748: await freePort() };
  const shell = startShell(folder.path, environmentOf(folder.path, ports));
  const background: Running[] = [];
  try {
    // A machine may lack curl; what counts is what the server answers.
    await shell.run(
      `curl() { "${process.execPath}" -e 'fetch(process.argv[1]).then((a) => a.text()).then((t) => process.stdout.write(t))' "$2"; }`,
    );
    const snippets = snippetsOf(onPorts(readPage(page), ports));
    for (const [index, snippet] of snippets.entries()) {
      const next = snippets[index + 1];
      const shown = next?.language === "text" ? next.text : undefined;
      if (snippet.name?.includes("/")) writeFile(join(folder.path, snippet.name), snippet.text);
      else if (snippet.language === "bash") {
        const session: Session = { shell, folder: folder.path, background };
        expect(`${page}:${snippet.line} ${await follow(session, snippet, shown)}`).toBe(`${page}:${snippet.line} as shown`);
      }
    }
  } finally {
    // An orderly end, as Ctrl-C gives it: the next run must find nothing of this one.
    if (background.length > 0) await shell.run(`kill -TERM ${background.map(({ pid }) => pid).join(" ")}; wait`);
    await shell.close();
    folder.remove();
  }
});

describe("TypeScript", () => {
  const typed = pages.filter((page) => snippetsOf(readPage(page)).some(isTypeScript));

  test.each(typed)("the snippets of %s type-check", { timeout: 60_000 }, async (page) => {
    const folder = temporaryFolder("snippets");
    try {
      linkModules(
        join(folder.path, "node_modules"),
        ["examples/quickstart", "examples/fastify", "packages/client", "."].map((owner) => join(root, owner, "node_modules")),
      );
      for (const [index, { language, name, text }] of snippetsOf(readPage(page)).filter(isTypeScript).entries()) {
        writeFile(join(folder.path, name ?? `snippet-${index}.${language}`), text);
      }
      const compilerOptions = { noEmit: true, jsx: "react-jsx", lib: ["es2024", "dom"], types: ["node"] };
      writeFile(join(folder.path, "package.json"), JSON.stringify({ type: "module" }));
      writeFile(join(folder.path, "tsconfig.json"), JSON.stringify({ extends: join(root, "tsconfig.base.json"), compilerOptions }));
      expect(await typeErrors(folder.path)).toBe("");
    } finally {
      folder.remove();
    }
  });
});

test("every setpoint.config.json that a page shows is a project whose schemas compile", () => {
  const shown = pages.flatMap((page) => snippetsOf(readPage(page))).filter(({ name }) => name?.endsWith("setpoint.config.json"));
  expect(shown.length).toBeGreaterThan(0);
  for (const { text } of shown) {
    const result = projectDocument(JSON.parse(text));
    expect(result).toMatchObject({ ok: true });
    const schemas = result.ok ? Object.entries(result.project.schemas) : [];
    for (const [namespace, schema] of schemas) expect(compileSchema(namespace, schema)).toMatchObject({ ok: true });
  }
});

interface Session {
  readonly shell: ShellSession;
  readonly folder: string;
  /** What goes on running. */
  readonly background: Running[];
}

interface Running {
  readonly command: string;
  readonly pid: number;
}

/**
 * Carries out one block, and says whether it went as shown; what goes on running is left in the background once it has printed that.
 * Without anything shown a command has to succeed.
 */
async function follow({ shell, folder, background }: Session, { line, text }: Snippet, shown: string | undefined): Promise<string> {
  const command = text.trim();
  const told = (printed: string): string => `${command}\nprinted:\n${printed}\ninstead of:\n${shown ?? "(anything, with success)"}`;
  if (/^(npm start|setpoint (dev|up)\b[^\n]*)$/.test(command)) {
    // The workspace is built already; the rest of `npm start` is this.
    const program = command.replace(/^npm start$/, "node_modules/.bin/setpoint dev examples/quickstart");
    // A page that starts something once more has said before to press Ctrl-C.
    const former = background.findIndex((running) => running.command === command);
    for (const { pid } of former < 0 ? [] : background.splice(former, 1)) await shell.run(`kill -TERM ${pid}; wait ${pid}`);
    const log = join(folder, `background-${line}.log`);
    writeFileSync(log, "");
    const { printed } = await shell.run(`${program} > "${log}" 2>&1 < /dev/null &\necho $!`);
    background.push({ command, pid: Number(printed.trim()) });
    const read = (): string => readFileSync(log, "utf8");
    const isReady = await until(() => (shown === undefined ? read().includes("Ctrl-C") : isAsShown(read(), shown)));
    return isReady ? "as shown" : told(read());
  }
  let outcome = await shell.run(command);
  // A server has a change a moment after it was made.
  if (command.startsWith("curl ") && shown !== undefined) {
    await until(async () => isAsShown((outcome = await shell.run(command)).printed, shown));
  }
  const isShown = shown === undefined || isAsShown(outcome.printed, shown);
  const isRefusal = shown?.startsWith("error:") ?? false;
  return isShown && (outcome.exitCode !== 0) === isRefusal ? "as shown" : told(`${outcome.printed}[exit code ${outcome.exitCode}]`);
}

async function until(isDone: () => boolean | Promise<boolean>): Promise<boolean> {
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await delay(pollMs)) if (await isDone()) return true;
  return false;
}

/** Nothing of the developer's own Setpoint, and ports that are free. */
function environmentOf(folder: string, ports: Readonly<Record<4747 | 4748, number>>): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) => !/^(SETPOINT_.*|XDG_.*|FORCE_COLOR|NODE_OPTIONS|VITEST.*)$/.test(name));
  return {
    ...(Object.fromEntries(own) as Record<string, string>),
    HOME: folder,
    NO_COLOR: "1",
    SETPOINT_PORT: String(ports[4747]),
    STOREFRONT_PORT: String(ports[4748]),
    PORT: String(ports[4748]),
  };
}

function onPorts(text: string, ports: Readonly<Record<4747 | 4748, number>>): string {
  return text.replaceAll(/\b474[78]\b/g, (port) => String(ports[Number(port) as 4747 | 4748]));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function isTypeScript({ language }: Snippet): boolean {
  return language === "ts" || language === "tsx";
}

/** What the compiler says about a folder; empty when it is content. */
async function typeErrors(folder: string): Promise<string> {
  try {
    await promisify(execFile)(join(root, "node_modules/.bin/tsc"), ["-p", folder], { cwd: folder });
    return "";
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

function writeFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
