import { spawn } from "node:child_process";

export interface ShellOutcome {
  /** Both streams, as they came. */
  readonly printed: string;
  readonly exitCode: number;
}

/** One shell that commands are typed into, one after the other: functions and variables stay. */
export interface ShellSession {
  run(commands: string): Promise<ShellOutcome>;
  close(): Promise<void>;
}

const mark = "[the commands have ended]";

export function startShell(cwd: string, env: Readonly<Record<string, string>>): ShellSession {
  const shell = spawn("/bin/sh", [], { cwd, env, stdio: ["pipe", "pipe", "inherit"] });
  const killWithUs = (): boolean => shell.kill("SIGKILL");
  process.on("exit", killWithUs);
  let printed = "";
  let heard = (): void => {};
  shell.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
    heard();
  });
  const gone = new Promise<void>((resolve) => {
    shell.on("close", () => {
      process.off("exit", killWithUs);
      resolve();
    });
  });
  shell.stdin.write("exec 2>&1\n");

  return {
    run: (commands) =>
      new Promise((resolve, reject) => {
        printed = "";
        heard = () => {
          const [, before, code] = new RegExp(`^([\\s\\S]*)\n${mark.replaceAll(/[[\]]/g, "\\$&")} (\\d+)\n`).exec(printed) ?? [];
          if (before !== undefined) resolve({ printed: before, exitCode: Number(code) });
        };
        void gone.then(() => reject(new Error(`The shell ended:\n${printed}`)));
        shell.stdin.write(`{\n${commands}\n} < /dev/null\nprintf '\\n${mark} %s\\n' $?\n`);
      }),
    close: () => {
      shell.stdin.end();
      return gone;
    },
  };
}
