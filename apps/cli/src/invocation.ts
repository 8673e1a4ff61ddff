import type { Command } from "commander";
import type { ExitCode } from "./exit-codes.ts";
import type { Output } from "./output.ts";

/** Options that every command takes. */
export interface GlobalOptions {
  readonly project?: string;
  readonly url?: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
  readonly plain?: boolean;
  readonly color: boolean;
  readonly input: boolean;
  readonly debug?: boolean;
}

/** What the program was started with. */
export interface Surroundings {
  readonly version: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly now: () => number;
}

/** One call of one command. */
export interface Invocation extends Surroundings {
  readonly options: GlobalOptions;
  readonly output: Output;
}

/** The work of a command; what it returns is the exit code, 0 where it returns nothing. */
export type Work = (invocation: Invocation) => Promise<ExitCode | undefined | void>;

/** Runs a command's work with the invocation that its options describe. */
export type Act = (command: Command, work: Work, options?: { readonly piped?: "text" }) => Promise<void>;

/** Adds arguments, options, examples and action to a command that has name and summary. */
export type Define = (command: Command, act: Act) => void;
