import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { contractProject, type ContractUpstream } from "./adapter-contract.ts";
import { runDaemon, type RunningDaemon } from "./run-daemon.ts";

/** A real daemon that serves the contract's project, and where to reach it. */
export interface DaemonUpstream extends ContractUpstream {
  readonly url: string;
  readonly token: string;
  /** The environment that is the upstream's own: nothing is stored there yet. */
  readonly environment: string;
}

/** One real daemon for many cases that run one after the other. */
export interface SharedDaemon {
  /**
   * An upstream in an environment of its own. Down means that the daemon is killed without warning, for everybody; up is the same
   * state, address and token again, and so is closing the upstream.
   */
  lease(): Promise<DaemonUpstream>;
  /** Ends the daemon; may be called more than once. */
  close(): Promise<void>;
}

interface DaemonInFolder {
  readonly url: string;
  /** Asks the daemon's API; rejects with what is no success. */
  ask(path: string, body?: unknown): Promise<unknown>;
  readonly token: string;
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
}

/** The daemon starts with the first lease. */
export function shareDaemon(): SharedDaemon {
  let starting: Promise<DaemonInFolder> | undefined;
  let leases = 0;

  async function lease(): Promise<DaemonUpstream> {
    starting ??= startInFolder();
    const { url, token, ask, down, up } = await starting;
    leases += 1;
    const environment = `case-${leases}`;
    await ask("/v1/batches", { changes: [{ kind: "environment", key: environment, value: {} }] });
    return {
      url,
      token,
      environment,
      commit: async (values) => {
        const changes = Object.entries(values).map(([key, value]) => ({ environment, key, value }));
        await ask("/v1/batches", { changes });
      },
      down,
      up,
      subscribers: async () => {
        const { instances } = (await ask("/v1/instances")) as { instances: readonly { environment: string; state: string }[] };
        return instances.filter((instance) => instance.environment === environment && instance.state !== "gone").length;
      },
      close: up,
    };
  }

  return {
    lease,
    close: async () => {
      const daemon = await starting;
      await daemon?.close();
    },
  };
}

/** Starts a daemon that nobody else has. */
export async function startDaemonUpstream(): Promise<DaemonUpstream> {
  const shared = shareDaemon();
  return { ...(await shared.lease()), close: shared.close };
}

/** Starts a daemon in folders of its own. */
async function startInFolder(): Promise<DaemonInFolder> {
  const folder = await mkdtemp(join(tmpdir(), "setpoint-upstream-"));
  const project = { project: folder, stateDir: join(folder, ".setpoint") };
  await writeFile(join(folder, "setpoint.config.json"), JSON.stringify(contractProject));
  let daemon: RunningDaemon | undefined = await runDaemon(project);
  const { url, token } = daemon;

  return {
    url,
    token,
    /** Not by `fetch`, which in a test of a page belongs to that page. */
    ask: async (path, body) => {
      const headers = { authorization: `Bearer ${token}`, ...(body !== undefined && { "content-type": "application/json" }) };
      const asking = request(`${url}${path}`, { method: body === undefined ? "GET" : "POST", agent: false, headers });
      asking.end(body === undefined ? undefined : JSON.stringify(body));
      const [response] = (await once(asking, "response")) as [IncomingMessage];
      const answer = await text(response);
      if (response.statusCode !== 200) throw new Error(`${path} answered ${response.statusCode}: ${answer}`);
      return JSON.parse(answer) as unknown;
    },
    down: async () => {
      await daemon?.kill();
      daemon = undefined;
    },
    up: async () => {
      daemon ??= await runDaemon({ ...project, port: Number(new URL(url).port) });
    },
    close: async () => {
      await daemon?.stop();
      daemon = undefined;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
