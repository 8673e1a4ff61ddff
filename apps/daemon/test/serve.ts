import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { type RunningDaemon, startDaemon } from "../src/daemon.ts";
import { defaultHttpLimits, type HttpLimits } from "../src/http/http-limits.ts";
import { readSettings, type Settings } from "../src/settings.ts";

/** The project that most tests serve. */
export const shopProject = {
  environments: [
    { name: "base" },
    { name: "dev", parent: "base" },
    { name: "staging", parent: "base" },
    { name: "production", parent: "staging", isProduction: true },
    { name: "vault", approvalRequired: true },
  ],
  defaultEnvironment: "dev",
  schemas: {
    shop: {
      type: "object",
      properties: {
        maxItems: { type: "integer", minimum: 1, maximum: 100, default: 10, "x-setpoint-client": true },
        banner: { type: "string", maxLength: 400_000 },
        apiKey: { type: "string", "x-setpoint-sensitive": true },
        delivery: { type: "object", properties: { days: { type: "integer", default: 3 }, rules: { type: "object" } } },
      },
    },
    mail: { type: "object", properties: { from: { type: "string", default: "shop@example.test" } } },
  },
};

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: any;
}

export interface Asked {
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
}

export interface Served {
  readonly url: string;
  readonly token: string;
  readonly folder: string;
  readonly daemon: RunningDaemon;
  /** Calls with the token; a header that is undefined is left out. */
  call(method: string, path: string, asked?: Asked): Promise<Reply>;
  put(key: string, value: unknown, environment?: string, headers?: Asked["headers"]): Promise<Reply>;
  get(path: string, headers?: Asked["headers"]): Promise<Reply>;
  batch(changes: readonly unknown[], query?: string): Promise<Reply>;
  /** Stops and starts again on the same state; `null` leaves the project file as it is. */
  restart(project: unknown): Promise<Served>;
  stop(): Promise<void>;
}

/** A real daemon in this process, on a free port, with a state folder of its own. `null` writes no project file. */
export async function serve(project: unknown = shopProject, folder?: string, given: Partial<Settings & HttpLimits> = {}): Promise<Served> {
  const home = folder ?? (await mkdtemp(join(tmpdir(), "setpoint-daemon-")));
  if (project !== null) await writeFile(join(home, "setpoint.config.json"), JSON.stringify(project));
  const settings = { ...readSettings({ project: home, stateDir: join(home, "state"), port: "0" }, {}, home), ...given };
  const daemon = await startDaemon(settings, "0.0.0-test", pino({ level: "silent" }), { ...defaultHttpLimits, ...given });
  const token = (await readFile(join(home, "state", "token"), "utf8")).trim();
  const call: Served["call"] = (method, path, { body, raw, headers } = {}) =>
    new Promise((resolve, reject) => {
      const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
      const given = {
        authorization: `Bearer ${token}`,
        ...(payload !== undefined && { "content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json" }),
        ...(payload !== undefined && { "content-length": String(Buffer.byteLength(payload)) }),
        ...headers,
      };
      const sent = request(`${daemon.url}`, {
        method,
        path,
        headers: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Record<string, string>,
      });
      sent.on("error", reject);
      sent.on("response", (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("end", () => {
          const isJson = String(response.headers["content-type"]).includes("json") && text !== "";
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined });
        });
      });
      sent.end(payload);
    });
  return {
    url: daemon.url,
    token,
    folder: home,
    daemon,
    call,
    get: (path, headers) => call("GET", path, headers ? { headers } : {}),
    put: (key, value, environment = "dev", headers) =>
      call("PUT", `/v1/environments/${environment}/values/${key}`, { body: { value }, ...(headers && { headers }) }),
    batch: (changes, query = "") => call("POST", `/v1/batches${query}`, { body: { changes } }),
    restart: async (next) => {
      await daemon.close();
      return serve(next, home, given);
    },
    stop: async () => {
      await daemon.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}
