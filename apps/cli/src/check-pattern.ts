import { keyMatcher } from "@setpoint/core/replica";
import { CliError } from "./cli-error.ts";
import { escapeTerminal } from "./escape-terminal.ts";
import type { ExitCode } from "./exit-codes.ts";

/** Refuses what is no pattern of keys, with the given exit code. */
export function checkPattern(pattern: string, exitCode: ExitCode): void {
  if (keyMatcher(pattern)) return;
  const isPartOfSegment = pattern.split(".").some((segment) => segment.includes("*") && segment !== "*" && segment !== "**");
  const why = isPartOfSegment ? ": a star stands for whole segments only." : ".";
  throw new CliError(exitCode, `"${escapeTerminal(pattern)}" is not a pattern of keys${why}`, {
    code: "invalid_key",
    fix: "Write one like 'shop.**': segments joined by dots, * one segment, ** any number.",
  });
}
