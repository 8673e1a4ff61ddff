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
}

/** Starts a daemon in folders of its own. Down means killed without warning; up is the same state, address and token again. */
export async function startDaemonUpstream(): Promise<DaemonUpstream> {
  const folder = await mkdtemp(join(tmpdir(), "setpoint-upstream-"));
  const project = { project: folder, stateDir: join(folder, ".setpoint") };
  await writeFile(join(folder, "setpoint.config.json"), JSON.stringify(contractProject));
  let daemon: RunningDaemon | undefined = await runDaemon(project);
  const { url, token } = daemon;

  /** Not by `fetch`, which in a test of a page belongs to that page. */
  async function ask(path: string, body?: unknown): Promise<unknown> {
    const headers = { authorization: `Bearer ${token}`, ...(body !== undefined && { "content-type": "application/json" }) };
    const asking = request(`${url}${path}`, { method: body === undefined ? "GET" : "POST", agent: false, headers });
    asking.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = (await once(asking, "response")) as [IncomingMessage];
    const answer = await text(response);
    if (response.statusCode !== 200) throw new Error(`${path} answered ${response.statusCode}: ${answer}`);
    return JSON.parse(answer) as unknown;
  }

  return {
    url,
    token,
    commit: async (values) => {
      const changes = Object.entries(values).map(([key, value]) => ({ environment: "base", key, value }));
      await ask("/v1/batches", { changes });
    },
    down: async () => {
      await daemon?.kill();
      daemon = undefined;
    },
    up: async () => {
      daemon ??= await runDaemon({ ...project, port: Number(new URL(url).port) });
    },
    subscribers: async () => {
      const { instances } = (await ask("/v1/instances")) as { instances: readonly { state: string }[] };
      return instances.filter((instance) => instance.state !== "gone").length;
    },
    close: async () => {
      await daemon?.stop();
      daemon = undefined;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
