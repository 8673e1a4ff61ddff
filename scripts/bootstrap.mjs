// Installs the workspace with the pinned pnpm, once per lockfile. Runs on any Node >= 18 and needs npm's npx only.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const stampFile = `${root}node_modules/.bootstrap-stamp`;

function stamp() {
  const hash = createHash("sha256").update(`${process.platform}-${process.arch}`);
  for (const file of ["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml"]) {
    if (existsSync(root + file)) hash.update(readFileSync(root + file));
  }
  return hash.digest("hex");
}

if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp()) process.exit(0);

// An install on top of one from another lockfile can leave links to versions that are gone. From scratch it takes seconds,
// because the packages come from pnpm's store.
if (existsSync(`${root}node_modules`)) console.error("setpoint: the dependencies have changed; installing them from scratch.");
rmSync(`${root}node_modules`, { recursive: true, force: true });

const pin = JSON.parse(readFileSync(`${root}package.json`, "utf8")).packageManager.split("+")[0];
const shell = process.platform === "win32";
const local = spawnSync("pnpm", ["--version"], { cwd: root, encoding: "utf8", shell });
const isPinned = local.status === 0 && `pnpm@${local.stdout.trim()}` === pin;
const [command, ...before] = isPinned ? ["pnpm"] : ["npx", "--yes", pin];
const install = spawnSync(command, [...before, "install", "--frozen-lockfile"], { cwd: root, stdio: "inherit", shell });
if (install.status !== 0) {
  console.error("setpoint: the install failed; the lines above say why. Only npm and its registry are needed.");
  process.exit(install.status ?? 1);
}
writeFileSync(stampFile, stamp());
