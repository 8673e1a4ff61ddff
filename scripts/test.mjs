// `npm test`: every check, then every test. Arguments go to vitest. The last line is `N passed, N failed, N skipped`, over all of it.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { root, run } from "./run.mjs";

const turbo = (task) => ["turbo", "run", task, "--ui=stream", "--output-logs=errors-only", "--continue=dependencies-successful"];

/** Every step runs, whatever became of the one before: one run shows all that is wrong. */
const checks = {
  build: turbo("build"),
  typecheck: turbo("typecheck"),
  lint: ["oxlint"],
  format: ["oxfmt", "--check"],
  deps: ["depcruise", "--config", ".dependency-cruiser.mjs", "packages/*/src", "apps/*/src"],
  size: ["size-limit"],
};

let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => (interrupted = true));

const total = { passed: 0, failed: 0, skipped: 0 };
for (const [name, [command, ...args]] of Object.entries(checks)) {
  if (!(await check(name, command, args))) total.failed += 1;
  if (interrupted) break;
}
if (!interrupted) {
  const counts = await tests(process.argv.slice(2));
  for (const outcome of Object.keys(total)) total[outcome] += counts[outcome];
}

console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
if (interrupted) process.exitCode = 130;
else if (total.failed > 0 || total.passed === 0) process.exitCode = 1;

async function check(name, command, args) {
  const start = performance.now();
  const { code, output } = await run(command, args, { capture: true });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (code !== 0) console.log(output.trimEnd());
  console.log(`${code === 0 ? "ok    " : "FAILED"} ${name.padEnd(9)} ${seconds} s`);
  return code === 0;
}

async function tests(args) {
  const folder = mkdtempSync(path.join(tmpdir(), "setpoint-test-"));
  const countsFile = path.join(folder, "counts.json");
  const reporter = path.join(root, "scripts", "count-reporter.mjs");
  try {
    const { code } = await run("vitest", ["run", "--reporter=default", `--reporter=${reporter}`, ...args], {
      env: { SETPOINT_TEST_COUNTS: countsFile },
    });
    const counts = readCounts(countsFile);
    // vitest itself can fail, for instance when it finds no file to run: that must not look like success.
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readCounts(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}
