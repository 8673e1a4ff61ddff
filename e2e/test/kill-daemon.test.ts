import { randomInt } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runDaemon, type RunningDaemon } from "@setpoint/testkit/run-daemon";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FollowingReplica } from "../src/following-replica.ts";

const kills = 6;
const writersMax = 8;
const acknowledgedMin = 600;
const keys = ["counter.a", "counter.b", "counter.c"];

let folder: string;
let daemon: RunningDaemon;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "setpoint-kill-"));
  const counter = { type: "object", properties: { a: { type: "integer" }, b: { type: "integer" }, c: { type: "integer" } } };
  await writeFile(join(folder, "setpoint.config.json"), JSON.stringify({ environments: [{ name: "dev" }], schemas: { counter } }));
  daemon = await start(0);
});
afterAll(async () => {
  await daemon.stop();
  await rm(folder, { recursive: true, force: true });
});

const start = (port: number) => runDaemon({ project: folder, stateDir: join(folder, "state"), port });

async function call(path: string, init: RequestInit = {}): Promise<any> {
  const response = await fetch(daemon.url + path, {
    ...init,
    headers: { authorization: `Bearer ${daemon.token}`, ...(init.body ? { "content-type": "application/json" } : {}) },
  });
  return { status: response.status, json: await response.json() };
}

/** A batch that sets all three keys to one number. */
function write(value: number): Promise<any> {
  const changes = keys.map((key) => ({ environment: "dev", key, value }));
  return call("/v1/batches", { method: "POST", body: JSON.stringify({ changes }) });
}

/** Batches are whole: whoever sees two different numbers sees half a batch. */
const torn = (values: ReadonlyMap<string, unknown>) =>
  new Set(keys.map((key) => values.get(key))).size > 1 ? `half a batch: ${JSON.stringify([...values])}` : undefined;

it(
  `keeps every acknowledged batch whole over ${kills} kills, and brings every subscriber to the same state`,
  { timeout: 120_000 },
  async () => {
    const acknowledged = new Map<number, number>();
    const replicas = Array.from({ length: 5 }, () => new FollowingReplica(daemon.url, daemon.token, torn));
    let next = 1;

    for (let kill = 1; kill <= kills; kill += 1) {
      let isAlive = true;
      const target = acknowledged.size + Math.ceil(acknowledgedMin / kills) + randomInt(40);
      const writers = Array.from({ length: writersMax }, async () => {
        while (isAlive) {
          const value = next++;
          try {
            const { status, json } = await write(value);
            if (status === 200) acknowledged.set(json.revision, value);
          } catch {
            // The daemon died in mid-request: neither accepted nor refused.
          }
          if (acknowledged.size % 50 === 0) replicas[randomInt(replicas.length)]?.drop();
          if (isAlive && acknowledged.size >= target) {
            isAlive = false;
            await daemon.kill();
          }
        }
      });
      await Promise.all(writers);
      daemon = await start(Number(new URL(daemon.url).port));

      const { json: ready } = await call("/readyz");
      expect(ready.status).toBe("ok");
      const newest = Math.max(...acknowledged.keys());
      expect(ready.revision).toBeGreaterThanOrEqual(newest);
      const { json: config } = await call("/v1/environments/dev/config");
      expect(torn(new Map(Object.entries(config.values)))).toBeUndefined();
    }
    expect(acknowledged.size).toBeGreaterThanOrEqual(acknowledgedMin);

    // Every acknowledged batch stands in the history under its revision, whole, and revisions have no gap.
    const revisions: { revision: number; changeCount: number }[] = [];
    for (let after: number | undefined = 0; after !== undefined;) {
      const page: any = (await call(`/v1/revisions?after=${after}&limit=1000`)).json;
      revisions.push(...page.revisions);
      after = page.next;
    }
    expect(revisions.map(({ revision }) => revision)).toEqual(revisions.map((_, index) => index + 1));
    for (const { revision, changeCount } of revisions.slice(1)) expect([revision, changeCount]).toEqual([revision, keys.length]);
    for (const [revision, value] of acknowledged) {
      const { json } = await call(`/v1/revisions/${revision}`);
      expect(json.changes.map(({ key, after }: { key: string; after: number }) => [key, after])).toEqual(keys.map((key) => [key, value]));
    }

    // One last change, then quiet: all see the same.
    const { json: last } = await write(next);
    await expect.poll(() => replicas.map(({ revision }) => revision), { timeout: 10_000 }).toEqual(replicas.map(() => last.revision));
    const { json: config } = await call("/v1/environments/dev/config");
    for (const replica of replicas) {
      expect(Object.fromEntries(replica.values)).toEqual(config.values);
      expect(replica.breaches).toEqual([]);
      // Only durable frames are ever sent, so every cursor is known after every kill: the first snapshot stays the only one.
      expect([...replica.seen].filter(([name]) => name.startsWith("snapshot"))).toEqual([["snapshot first", 1]]);
      await replica.stop();
    }
  },
);
