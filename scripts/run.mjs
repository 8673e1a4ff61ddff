// Runs the workspace's tools as child processes. No dependencies.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The workspace's folder, without a trailing slash. */
export const root = path.resolve(fileURLToPath(new URL("..", import.meta.url)));

/** One Ctrl-C can reach us twice, from the terminal and from npm; a repetition within this time is the same one. */
const sameSignalMs = 500;

/**
 * Runs a tool of the workspace on the workspace's Node and resolves to `{ code, output }`; `output` is empty unless `capture` is set.
 * The child has a process group of its own, so that a Ctrl-C reaches it once, through us; a death by signal is code 128 + signal.
 */
export function run(command, args, { capture = false, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      detached: true,
      stdio: capture ? ["ignore", "pipe", "pipe"] : "inherit",
      env: {
        ...process.env,
        DO_NOT_TRACK: "1",
        TURBO_TELEMETRY_DISABLED: "1",
        ...(process.stdout.isTTY ? {} : { NO_COLOR: "1" }),
        PATH: [path.join(root, "node_modules", ".bin"), process.env.PATH].join(path.delimiter),
        ...env,
      },
    });
    const chunks = [];
    child.stdout?.on("data", (chunk) => chunks.push(chunk));
    child.stderr?.on("data", (chunk) => chunks.push(chunk));

    const stopForwarding = forwardSignals(child);
    child.on("error", (cause) => {
      stopForwarding();
      reject(new Error(`${command} cannot be started; does node_modules exist? \`npm run bootstrap\` makes it.`, { cause }));
    });
    child.on("close", (code, signal) => {
      stopForwarding();
      resolve({ code: code ?? 128 + constants.signals[signal], output: Buffer.concat(chunks).toString() });
    });
  });
}

function forwardSignals(child) {
  const lastAt = {};
  const forward = (signal) => {
    const now = Date.now();
    if (now - (lastAt[signal] ?? 0) < sameSignalMs) return;
    lastAt[signal] = now;
    child.kill(signal);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, forward);
  return () => {
    for (const signal of signals) process.off(signal, forward);
  };
}
