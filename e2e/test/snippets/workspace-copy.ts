import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const root = fileURLToPath(new URL("../../../", import.meta.url));

export interface TemporaryFolder {
  readonly path: string;
  remove(): void;
}

export function temporaryFolder(name: string): TemporaryFolder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), `setpoint-${name}-`)));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * What a reader of the README stands in after a first build, without anybody's state: the quickstart, and the programs in
 * node_modules/.bin. What they print is text, as on a terminal.
 */
export function copyWorkspace(): TemporaryFolder {
  const folder = temporaryFolder("readme");
  const bin = join(folder.path, "node_modules", ".bin");
  linkModules(join(folder.path, "node_modules"), [join(root, "node_modules")]);
  mkdirSync(bin, { recursive: true });
  symlinkSync(process.execPath, join(bin, "node"));
  const asOnTerminal = "data:text/javascript,process.stdout.isTTY=true;process.stderr.isTTY=true";
  writeFileSync(
    join(bin, "setpoint"),
    `#!/bin/sh\nexec "${process.execPath}" --import "${asOnTerminal}" "${join(root, "apps/cli/bin/setpoint.js")}" "$@"\n`,
  );
  chmodSync(join(bin, "setpoint"), 0o755);

  const quickstart = join("examples", "quickstart");
  const isForeign = (path: string): boolean => ["node_modules", ".setpoint"].includes(basename(path));
  cpSync(join(root, quickstart), join(folder.path, quickstart), { recursive: true, filter: (path) => !isForeign(path) });
  symlinkSync(join(root, quickstart, "node_modules"), join(folder.path, quickstart, "node_modules"));
  return folder;
}

/** A node_modules that holds what some others hold, the first ones first. */
export function linkModules(target: string, sources: readonly string[]): void {
  for (const source of sources) {
    for (const name of existsSync(source) ? readdirSync(source) : []) {
      if (name.startsWith(".")) continue;
      const packages = name.startsWith("@") ? readdirSync(join(source, name)).map((part) => join(name, part)) : [name];
      for (const path of packages) {
        const link = join(target, path);
        mkdirSync(dirname(link), { recursive: true });
        if (!existsSync(link)) symlinkSync(realpathSync(join(source, path)), link);
      }
    }
  }
}

export function readPage(page: string): string {
  return readFileSync(join(root, page), "utf8");
}
