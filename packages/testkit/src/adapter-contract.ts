import type { Json, JsonObject } from "@setpoint/core";
import { afterEach, describe, expect, test } from "vitest";

/** The project that every upstream of this contract serves. `shop.margin` is for servers only. */
export const contractProject = {
  environments: [{ name: "base" }],
  schemas: {
    shop: {
      type: "object",
      properties: {
        maxItems: { type: "integer", default: 10, "x-setpoint-client": true },
        title: { type: "string", default: "Corner shop", "x-setpoint-client": true },
        margin: { type: "number", default: 0.25 },
      },
    },
    mail: {
      type: "object",
      properties: { sender: { type: "string", default: "post@example.org", "x-setpoint-client": true } },
    },
  },
} as const satisfies JsonObject;

/** The tree of that project, for an adapter's `Register`. A browser has no `margin`. */
export interface ContractConfig {
  readonly shop: { readonly maxItems: number; readonly title: string; readonly margin?: number };
  readonly mail: { readonly sender: string };
}

/** What the project's defaults give, flat; an upstream without schemas starts with these. */
export const contractValues = {
  "shop.maxItems": 10,
  "shop.title": "Corner shop",
  "shop.margin": 0.25,
  "mail.sender": "post@example.org",
} as const satisfies Readonly<Record<string, Json>>;

/** The keys that may reach a browser. */
export const contractClientKeys: readonly string[] = ["mail.sender", "shop.maxItems", "shop.title"];

/** What stands behind the application: a daemon, or something in memory that behaves like one. */
export interface ContractUpstream {
  /** One commit. Resolves when it is accepted, which may be before the application has it. */
  commit(values: Readonly<Record<string, Json>>): Promise<void>;
  /** Ends every subscription and takes none until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** How many subscriptions it serves at this moment. */
  subscribers(): Promise<number>;
  /** Frees all that it holds; may be called more than once. */
  close(): Promise<void>;
}

/** What an application hands to a browser. */
export interface ContractBrowserState {
  readonly cursor: string;
  readonly values: Readonly<Record<string, Json>>;
  readonly flags: Readonly<Record<string, Json>>;
}

/** One request from its handler's first line to its answer, or one mounted component. */
export interface ContractUnit {
  /** The value in the tree that this unit was given at its start, however long ago. */
  read(key: string): unknown;
  /** The same through `currentConfig()`; absent where a framework has none. */
  readCurrent?(key: string): unknown;
  /** The object at a branch of that tree. */
  branch(path: string): unknown;
  /** The context that its scope was made for; absent where there are no requests. */
  context?(): Readonly<Record<string, Json | undefined>>;
  /** Absent where there are no browsers behind it. */
  forBrowser?(): ContractBrowserState | undefined;
  /** Answers the request, or unmounts. */
  finish(): Promise<void>;
}

/** Everything that was shown to one reader since it began to look. */
export interface ContractSightings {
  /** One entry per render, or per request that was given other objects than the one before. */
  readonly seen: readonly (readonly unknown[])[];
  /** Resolves when what is in force now has been looked at. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** An application with the adapter, on top of an upstream. */
export interface ContractApplication {
  readonly upstream: ContractUpstream;
  /** Starts a unit of work for `user`. */
  begin(options?: { readonly user?: string }): Promise<ContractUnit>;
  /** Reads these keys, again and again in a server, at each render in a browser. */
  watch(keys: readonly string[]): Promise<ContractSightings>;
  /** `connecting`, `live`, `stale` or `closed`, as the application can see it. */
  state(): string;
  /** Stops the application and its client, not the upstream. */
  close(): Promise<void>;
}

/** How one adapter is put under the contract. */
export interface AdapterUnderContract {
  readonly name: string;
  /** Resolves when the application serves; with `reachable: false` its upstream is down until `up`, else the first values are there. */
  start(options: { readonly reachable: boolean }): Promise<ContractApplication>;
}

const patience = { timeout: 10_000, interval: 5 };

/** The promises that every adapter keeps, in whatever framework: call it in a test file with how to start the adapter. */
export function adapterContract(adapter: AdapterUnderContract): void {
  describe(adapter.name, () => {
    const started: ContractApplication[] = [];

    async function start(options: { readonly reachable: boolean } = { reachable: true }): Promise<ContractApplication> {
      const application = await adapter.start(options);
      started.push(application);
      return application;
    }

    afterEach(async () => {
      for (const application of started.splice(0)) {
        await application.close();
        await application.upstream.close();
      }
    });

    /** Waits until a new unit of work is given `value`. */
    const expectShown = (application: ContractApplication, key: string, value: Json) =>
      expect.poll(() => readOnce(application, key), patience).toEqual(value);

    const expectState = (application: ContractApplication, state: string) => expect.poll(() => application.state(), patience).toBe(state);

    test("a value is read from a plain tree", async () => {
      const application = await start();
      const unit = await application.begin();
      expect(unit.read("shop.maxItems")).toBe(10);
      expect(unit.read("mail.sender")).toBe("post@example.org");
      expect(unit.read("shop.missing")).toBeUndefined();
      await unit.finish();
    });

    test("a change arrives without a restart", async () => {
      const application = await start();
      await application.upstream.commit({ "shop.maxItems": 20 });
      await expectShown(application, "shop.maxItems", 20);
    });

    test("a unit of work sees one view from start to end", async () => {
      const application = await start();
      const unit = await application.begin();
      expect(unit.read("shop.maxItems")).toBe(10);
      await application.upstream.commit({ "shop.maxItems": 20, "shop.title": "Mall" });
      await expectShown(application, "shop.maxItems", 20);
      expect(unit.read("shop.maxItems")).toBe(10);
      expect(unit.read("shop.title")).toBe("Corner shop");
      if (unit.readCurrent) expect(unit.readCurrent("shop.title")).toBe("Corner shop");
      await unit.finish();
    });

    test("what a unit of work is given cannot be changed by it", async () => {
      const application = await start();
      const unit = await application.begin();
      const shop = unit.branch("shop") as Record<string, unknown>;
      expect(() => (shop["maxItems"] = 99)).toThrow(TypeError);
      expect(unit.read("shop.maxItems")).toBe(10);
      await unit.finish();
    });

    test("a batch is one change of the view", async () => {
      const application = await start();
      const sightings = await application.watch(["shop.maxItems", "shop.title"]);
      await application.upstream.commit({ "shop.maxItems": 20, "shop.title": "Mall" });
      await expectShown(application, "shop.title", "Mall");
      await sightings.settled();
      expect(sightings.seen).toEqual([
        [10, "Corner shop"],
        [20, "Mall"],
      ]);
      await sightings.stop();
    });

    test("a change elsewhere disturbs nobody", async () => {
      const application = await start();
      const sightings = await application.watch(["shop.maxItems"]);
      const before = await application.begin();
      await application.upstream.commit({ "mail.sender": "office@example.org" });
      await expectShown(application, "mail.sender", "office@example.org");
      await sightings.settled();
      const after = await application.begin();
      expect(after.branch("shop")).toBe(before.branch("shop"));
      expect(after.branch("mail")).not.toBe(before.branch("mail"));
      expect(sightings.seen).toEqual([[10]]);
      await before.finish();
      await after.finish();
      await sightings.stop();
    });

    test("without its upstream it serves the last values and says so, and recovers by itself", async () => {
      const application = await start();
      await application.upstream.commit({ "shop.maxItems": 20 });
      await expectShown(application, "shop.maxItems", 20);
      await expectState(application, "live");
      await application.upstream.down();
      await expectState(application, "stale");
      expect(await readOnce(application, "shop.maxItems")).toBe(20);
      await application.upstream.up();
      await expectState(application, "live");
      await application.upstream.commit({ "shop.maxItems": 30 });
      await expectShown(application, "shop.maxItems", 30);
    });

    test("before the first value it serves an empty tree and never throws", async () => {
      const application = await start({ reachable: false });
      const unit = await application.begin();
      expect(unit.read("shop.maxItems")).toBeUndefined();
      expect(application.state()).toBe("connecting");
      if (unit.forBrowser) expect(unit.forBrowser()).toBeUndefined();
      await unit.finish();
      await application.upstream.up();
      await expectShown(application, "shop.maxItems", 10);
    });

    test("only what is meant for browsers is handed to them", async ({ skip }) => {
      const application = await start();
      const unit = await application.begin();
      skip(!unit.forBrowser, "it hands nothing to browsers");
      await expect.poll(() => browserKeys(application), patience).toEqual(contractClientKeys);
      await application.upstream.commit({ "shop.margin": 0.5, "shop.maxItems": 20 });
      await expect.poll(() => browserValue(application, "shop.maxItems"), patience).toBe(20);
      expect(await browserKeys(application)).toEqual(contractClientKeys);
      await unit.finish();
    });

    test("each request's scope is for its own person", async ({ skip }) => {
      const application = await start();
      const [ann, ben] = [await application.begin({ user: "ann" }), await application.begin({ user: "ben" })];
      skip(!ann.context || !ben.context, "it serves no requests");
      expect(ann.context?.()).toEqual({ user: "ann" });
      expect(ben.context?.()).toEqual({ user: "ben" });
      await ann.finish();
      await ben.finish();
    });

    test("two applications in one process share nothing", async () => {
      const [one, other] = [await start(), await start()];
      await one.upstream.commit({ "shop.maxItems": 20 });
      await expectShown(one, "shop.maxItems", 20);
      expect(await readOnce(other, "shop.maxItems")).toBe(10);
      await one.close();
      await other.upstream.commit({ "shop.maxItems": 30 });
      await expectShown(other, "shop.maxItems", 30);
    });

    test("close ends every subscription", async () => {
      const application = await start();
      expect(await application.upstream.subscribers()).toBeGreaterThan(0);
      await application.close();
      await expect.poll(() => application.upstream.subscribers(), patience).toBe(0);
    });
  });
}

/** The value at a dotted path of a tree; `undefined` where the path ends early. */
export function valueAtPath(tree: unknown, path: string): unknown {
  let branch = tree;
  for (const segment of path.split(".")) {
    if (typeof branch !== "object" || branch === null) return undefined;
    branch = (branch as Readonly<Record<string, unknown>>)[segment];
  }
  return branch;
}

async function readOnce(application: ContractApplication, key: string): Promise<unknown> {
  const unit = await application.begin();
  const value = unit.read(key);
  await unit.finish();
  return value;
}

async function browserState(application: ContractApplication): Promise<ContractBrowserState | undefined> {
  const unit = await application.begin();
  const state = unit.forBrowser?.();
  await unit.finish();
  return state;
}

async function browserKeys(application: ContractApplication): Promise<string[]> {
  return Object.keys((await browserState(application))?.values ?? {}).toSorted();
}

async function browserValue(application: ContractApplication, key: string): Promise<Json | undefined> {
  return (await browserState(application))?.values[key];
}
