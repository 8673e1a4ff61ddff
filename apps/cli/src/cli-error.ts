import type { Finding } from "./daemon.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";

/** A word as it was typed, and the word to type instead. */
export type Correction = readonly [given: string, meant: string];

/** More than the one sentence: labelled rows such as `expected`, and the command that puts it right. */
export interface CliErrorDetails {
  readonly rows?: readonly (readonly [label: string, text: string])[];
  /** Exact commands, or a sentence, that put it right. */
  readonly fix?: string | undefined;
  /** A word of the command line that was mistyped, and what was probably meant. */
  readonly correction?: Correction | undefined;
  /** Mistyped keys of the findings, and the existing keys that were probably meant. */
  readonly keyCorrections?: readonly Correction[] | undefined;
  /** Findings about single keys. */
  readonly issues?: readonly Finding[] | undefined;
  /** A code of the error catalogue, where there is one. */
  readonly code?: string;
  readonly cause?: unknown;
}

/** Ends the command with words for the person at the terminal, never with a stack. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: ExitCode;
  readonly details: CliErrorDetails;

  constructor(exitCode: ExitCode, message: string, details: CliErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.exitCode = exitCode;
    this.details = details;
  }
}

/** A wrong way to call a command. */
export function usageError(message: string, fix?: string): CliError {
  return new CliError(exitCodes.usage, message, { fix });
}
