import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, lstat, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

/** What playwright-core's `chromium.launch` takes to start the Chromium that was found. */
export interface ChromiumLaunch {
  readonly executablePath: string;
  readonly args: string[];
  /** The whole environment for the browser, the caller's included. */
  readonly env: Record<string, string>;
}

/** No sandbox, because tests may run as root; nothing that talks to the network on its own. */
const args: readonly string[] = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const names = ["chromium", "chromium-browser", "google-chrome"];
const macPaths = ["/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

/** The package's own file names fixed folders outside of where it was unpacked; without a font no text is painted. */
const fontsConfig = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
</fontconfig>
`;

const unpackTimeoutMs = 120_000;

/**
 * A Chromium for tests: the one at `CHROMIUM_PATH`, else the machine's, else the one that npm brought (Linux on x64 only), which is
 * unpacked once per user and version. Throws when there is none, and says what to do.
 */
export async function findChromium(): Promise<ChromiumLaunch> {
  const given = process.env["CHROMIUM_PATH"];
  if (given) {
    if (!(await isExecutable(given))) throw new Error(`CHROMIUM_PATH names ${given}, which cannot be executed.`);
    return { executablePath: given, args: [...args], env: environment({}) };
  }
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const candidates = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  for (const path of process.platform === "darwin" ? [...candidates, ...macPaths] : candidates) {
    if (await isExecutable(path)) return { executablePath: path, args: [...args], env: environment({}) };
  }
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error("No Chromium on PATH: install one, or name it in CHROMIUM_PATH.");
  }
  return bundledChromium();
}

async function bundledChromium(): Promise<ChromiumLaunch> {
  const folder = await unpackOnce(import.meta.resolve("@sparticuz/chromium"));
  const libraries = [join(folder, "al2023", "lib"), process.env["LD_LIBRARY_PATH"]].filter(Boolean).join(delimiter);
  return {
    executablePath: join(folder, "chromium"),
    args: [...args, "--no-zygote"],
    env: environment({ LD_LIBRARY_PATH: libraries, FONTCONFIG_FILE: join(folder, "fonts.conf") }),
  };
}

/** The folder with the unpacked binary. It appears by one rename, so that processes which unpack at the same time do not meet. */
async function unpackOnce(moduleUrl: string): Promise<string> {
  const ours = await privateFolder();
  const folder = join(ours, await versionOf(moduleUrl));
  if (await isExecutable(join(folder, "chromium"))) return folder;
  const staging = await mkdtemp(join(ours, "unpacking-"));
  try {
    await unpack(moduleUrl, staging);
    await writeFile(join(staging, "fonts.conf"), fontsConfig);
    await rename(staging, folder);
  } catch (cause) {
    await rm(staging, { recursive: true, force: true });
    if (!(await isExecutable(join(folder, "chromium")))) throw new Error("The bundled Chromium cannot be unpacked.", { cause });
  }
  return folder;
}

/** The package unpacks below the temp folder and edits its process's environment, so it runs in a process of its own. */
async function unpack(moduleUrl: string, folder: string): Promise<void> {
  const source = `const { default: chromium } = await import(${JSON.stringify(moduleUrl)}); await chromium.executablePath();`;
  await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", source], {
    // Without this name of a runtime the package leaves its own NSS libraries packed.
    env: { ...process.env, TMPDIR: folder, AWS_LAMBDA_JS_RUNTIME: "nodejs22.x" },
    timeout: unpackTimeoutMs,
  });
}

/** A folder in the shared temp folder that belongs to this user alone. */
async function privateFolder(): Promise<string> {
  const { uid } = userInfo();
  const folder = join(tmpdir(), `setpoint-chromium-${uid}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const status = await lstat(folder);
  if (!status.isDirectory() || status.uid !== uid) throw new Error(`${folder} belongs to somebody else; remove it or set CHROMIUM_PATH.`);
  return folder;
}

async function versionOf(moduleUrl: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(new URL("../package.json", moduleUrl), "utf8"));
  return (manifest as { version: string }).version;
}

function environment(extra: Record<string, string>): Record<string, string> {
  const inherited = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...Object.fromEntries(inherited), ...extra };
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
