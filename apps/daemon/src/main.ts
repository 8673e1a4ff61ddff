import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { parseArgs } from "node:util";
import { SetpointError } from "@setpoint/core";
import { pino } from "pino";
import { type RunningDaemon, startDaemon } from "./daemon.ts";
import { readSettings, type SettingName, settingRows, settingsHelp } from "./settings.ts";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
const usageExitCode = 2;

/** Flags by setting name, as `parseArgs` wants them. */
const flagNames = Object.fromEntries((Object.keys(settingRows) as SettingName[]).map((name) => [settingRows[name].flag, name]));

async function main(): Promise<void> {
  let values: Record<string, unknown>;
  try {
    ({ values } = parseArgs({
      options: {
        help: { type: "boolean", short: "h" },
        version: { type: "boolean" },
        ...Object.fromEntries(Object.keys(flagNames).map((flag) => [flag, { type: "string" as const }])),
      },
    }));
  } catch (error) {
    process.stderr.write(`setpointd: ${(error as Error).message.split("\n")[0]}\nRun setpointd --help for all settings.\n`);
    process.exit(usageExitCode);
  }
  if (values["help"]) return void process.stdout.write(settingsHelp());
  if (values["version"]) return void process.stdout.write(`${version}\n`);

  const given = Object.fromEntries(
    Object.entries(values).flatMap(([flag, value]) => (flagNames[flag] && typeof value === "string" ? [[flagNames[flag], value]] : [])),
  );
  const settings = readSettings(given, process.env, process.cwd());
  const logger = pino({ level: settings.logLevel, base: { pid: process.pid }, redact: ["token", "*.token", "*.authorization"] });

  let daemon: RunningDaemon | undefined = undefined;
  let isStopping = false;
  const stop = (signal: NodeJS.Signals) => {
    // A closed terminal sends what it sends beside others, which is no sign of haste.
    if (isStopping && signal === "SIGHUP") return;
    // Before it is ready there is nothing to drain; a second signal is for who does not want to wait.
    if (!daemon || isStopping) process.exit(128 + constants.signals[signal]);
    isStopping = true;
    logger.info({ signal }, "stopping");
    daemon.close().then(
      () => process.exit(0),
      (fault: unknown) => {
        logger.error({ err: fault }, "the stop failed");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  // There is nothing to reload yet.
  process.on("SIGHUP", stop);
  // Node would open its inspector, to which anybody on this machine could connect.
  process.on("SIGUSR1", () => {});
  daemon = await startDaemon(settings, version, logger);
  logger.info({ url: daemon.url, socket: daemon.socket, stateDir: settings.stateDir, project: settings.project }, "ready");
}

main().catch((fault: unknown) => {
  const isExpected = fault instanceof SetpointError;
  process.stderr.write(isExpected ? `setpointd: ${fault.message}\n` : `setpointd: ${(fault as Error).stack ?? String(fault)}\n`);
  process.exit(isExpected && fault.code === "invalid_request" ? usageExitCode : 1);
});
