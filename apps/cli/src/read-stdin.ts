import { usageError } from "./cli-error.ts";

/** Most bytes of a value on standard input; the daemon's own limit of a value is lower. */
const stdinBytesMax = 1024 * 1024;

/** All of standard input as text, without one line break at its end. */
export async function readStdin(stdin: NodeJS.ReadStream): Promise<string> {
  if (stdin.isTTY)
    throw usageError(
      "- reads the value from standard input, and that is the terminal.",
      "Pipe the value in: `setpoint set <key> - < file`.",
    );
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > stdinBytesMax) throw usageError(`Standard input holds more than ${stdinBytesMax} bytes.`);
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)).replace(/\r?\n$/, "");
  } catch (cause) {
    throw usageError(`Standard input is not UTF-8: ${(cause as Error).message}`);
  }
}
