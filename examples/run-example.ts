import { spawn } from "node:child_process";
import { join } from "node:path";
import { runDaemon, type RunningDaemon } from "../packages/testkit/src/run-daemon.ts";

/** An example as a user runs it: the real daemon with the example's project, and the example's server in a process of its own. */
export interface RunningExample {
  /** Where the server said it listens. */
  readonly url: string;
  readonly daemon: RunningDaemon;
  /** Everything that the server has printed to standard output so far. */
  output(): string;
  /** One commit in the project's default environment; keys in full. */
  set(values: Readonly<Record<string, unknown>>): Promise<void>;
  /** Asks the server for an orderly end, then the daemon, and resolves with the server's exit code when both are gone. */
  stop(): Promise<number | null>;
}

/** Starts the example in `folder` on free ports; rejects with what the server printed when it ends before it listens. */
export async function runExample(folder: string): Promise<RunningExample> {
  const daemon = await runDaemon({ project: folder });
  const ask = async (path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${daemon.url}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${daemon.token}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  };

  try {
    const server = await startServer(folder, daemon);
    const { environments } = (await ask("/v1/environments")) as { environments: readonly { name: string }[] };
    const environment = environments[0]?.name;
    return {
      url: server.url,
      daemon,
      output: server.output,
      set: async (values) => {
        const changes = Object.entries(values).map(([key, value]) => ({ environment, key, value }));
        await ask("/v1/batches", { changes });
      },
      stop: async () => {
        const code = await server.stop();
        await daemon.stop();
        return code;
      },
    };
  } catch (cause) {
    await daemon.stop();
    throw cause;
  }
}

interface RunningServer {
  readonly url: string;
  output(): string;
  stop(): Promise<number | null>;
}

/** The server prints one line with its address when it listens. */
function startServer(folder: string, daemon: RunningDaemon): Promise<RunningServer> {
  const child = spawn(process.execPath, [join(folder, "server.ts")], {
    cwd: folder,
    env: { ...process.env, SETPOINT_URL: daemon.url, SETPOINT_STATE_DIR: daemon.stateDir, PORT: "0", STOREFRONT_PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const killWithUs = (): boolean => child.kill("SIGKILL");
  process.on("exit", killWithUs);
  const gone = new Promise<number | null>((resolve) => {
    child.on("close", (code) => {
      process.off("exit", killWithUs);
      resolve(code);
    });
  });
  let printed = "";
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  return new Promise((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0];
      if (url === undefined) return;
      const stop = (): Promise<number | null> => {
        child.kill("SIGTERM");
        return gone;
      };
      resolve({ url, output: () => printed, stop });
    });
    void gone.then((code) => reject(new Error(`The server ended with ${code} before it listened:\n${printed}${complaints}`)));
  });
}
