import type { ConfigTree, Json } from "@setpoint/core";
import type { SnapshotFrame } from "@setpoint/protocol/frames";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { connect } from "../../src/connection.ts";
import { createLiveClient } from "../../src/live-client.ts";
import { createReplica } from "../../src/replica.ts";
import type { Client, ConfigChange, InitialState } from "../../src/types.ts";
import { createFrameModel, hashOf, type Values } from "./frame-model.ts";
import { createManualClock } from "./manual-clock.ts";
import { createManualWire } from "./manual-wire.ts";

function begin(values: Values = {}, initial?: InitialState) {
  const wire = createManualWire();
  const clock = createManualClock();
  const model = createFrameModel(values);
  const replica = createReplica({ value: new Map() });
  const client = createLiveClient<ConfigTree>((report) => connect(wire.open, clock, replica, report), clock, replica, initial);
  return { wire, clock, model, client };
}

function live(values: Values) {
  const parts = begin(values);
  parts.wire.last().open();
  parts.wire.last().send(parts.model.snapshot());
  return { ...parts, commit: (changes: Record<string, Json | undefined>) => parts.wire.last().send(parts.model.commit(changes)) };
}

/** Flat leaves of a tree, without branches that are empty. */
function flat(tree: ConfigTree, keys: readonly string[]): Record<string, unknown> {
  const read = (key: string) =>
    key.split(".").reduce<unknown>((at, segment) => (Object.hasOwn(Object(at), segment) ? (at as ConfigTree)[segment] : undefined), tree);
  return Object.fromEntries(keys.map((key) => [key, read(key)]).filter(([, value]) => value !== undefined));
}

describe("reading", () => {
  test("shows values as a frozen tree and by key", () => {
    const { client } = live({ "shop.maxItems": 10, "shop.hours.open": [8, 18], "mail.sender": null });
    expect(client.config).toEqual({ shop: { maxItems: 10, hours: { open: [8, 18] } }, mail: { sender: null } });
    expect(client.get("shop.hours.open")).toBe((client.config as { shop: { hours: { open: Json } } }).shop.hours.open);
    expect(client.get("mail.sender")).toBeNull();
    expect(client.get("shop.hours")).toBeUndefined();
    expect(client.get("constructor")).toBeUndefined();
    expect(() => {
      (client.config as { shop: { hours: { open: number[] } } }).shop.hours.open.push(1);
    }).toThrow(TypeError);
    expect(() => {
      (client.config as { more?: number }).more = 1;
    }).toThrow(TypeError);
  });

  test("shows an empty tree before there is anything, frozen as any other", () => {
    const { client, wire, model } = begin({ "shop.maxItems": 10 });
    const { config } = client;
    expect(config).toEqual({});
    expect(Object.isFrozen(config)).toBe(true);
    wire.last().open();
    wire.last().send(model.snapshot());
    expect(config).toEqual({});
    expect(client.config).toEqual({ shop: { maxItems: 10 } });
  });

  test("keeps the identity of everything in which nothing changed", () => {
    const { client, commit } = live({ "a.x": 1, "a.list": [1], "b.deep.y": 2, "b.deep.map": { p: 1 }, "b.other.z": 3 });
    type Tree = { a: { list: Json }; b: { deep: { map: Json }; other: ConfigTree } };
    const before = client.config as unknown as Tree;
    commit({ "a.x": 2 });
    const after = client.config as unknown as Tree;
    expect(after).not.toBe(before);
    expect(after.a).not.toBe(before.a);
    expect(after.a.list).toBe(before.a.list);
    expect(after.b).toBe(before.b);
    commit({ "b.deep.y": 5 });
    const last = client.config as unknown as Tree;
    expect(last.a).toBe(after.a);
    expect(last.b.other).toBe(after.b.other);
    expect(last.b.deep.map).toBe(after.b.deep.map);
  });

  test("is the same reference when a whole snapshot changes nothing", () => {
    const { client, wire, model } = live({ "a.x": 1, "b.map": { p: [1] } });
    const { config } = client;
    wire.last().send(JSON.parse(JSON.stringify(model.snapshot())) as SnapshotFrame);
    expect(client.config).toBe(config);
  });

  test("gives in tree, by key and by handle what the daemon has, whatever was committed", () => {
    const keys = ["a.x", "a.y", "b.c.d", "b.c.e", "b.toString", "z"];
    const value = fc.oneof(fc.integer(), fc.constant(null), fc.string(), fc.array(fc.integer(), { maxLength: 2 }), fc.constant({ p: 1 }));
    const commits = fc.array(
      fc.dictionary(fc.constantFrom(...keys), fc.option(value as fc.Arbitrary<Json>, { nil: undefined }), { minKeys: 1 }),
      { maxLength: 10 },
    );
    fc.assert(
      fc.property(commits, (changes) => {
        const { client, commit, model } = live({ "a.x": 1 });
        const handles = keys.map((key) => client.handle(key));
        for (const change of changes) {
          commit(change);
          expect(flat(client.config, keys)).toEqual(model.values());
          for (const handle of handles) {
            expect(handle.value).toEqual(model.values()[handle.key]);
            expect(client.get(handle.key)).toBe(handle.value);
          }
        }
        expect(client.status.state).toBe("live");
      }),
    );
  });

  test("a key may become a branch, and a branch a key", () => {
    const { client, commit } = live({ "a.b": "text", "c.d.e": 1 });
    commit({ "a.b": undefined, "a.b.c": 1, "c.d.e": undefined, "c.d": { f: 2 } });
    expect(client.config).toEqual({ a: { b: { c: 1 } }, c: { d: { f: 2 } } });
  });

  test("a hostile key pollutes nothing", () => {
    const { client, wire, model } = begin();
    const values = JSON.parse('{"__proto__.polluted": 1, "constructor.prototype.polluted": 1, "a.__proto__.polluted": 1}') as Values;
    wire.last().open();
    wire.last().send({ ...model.snapshot(), values, hash: hashOf(values) });
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(client.status.state).toBe("live");
  });

  test("a handle is one object per key and follows its key", () => {
    const { client, commit } = live({ "a.x": 1 });
    const handle = client.handle("a.x");
    expect(client.handle("a.x")).toBe(handle);
    commit({ "a.x": 2 });
    expect(handle.value).toBe(2);
    commit({ "a.x": undefined });
    expect(handle.value).toBeUndefined();
  });

  test("a scope stays at its moment", () => {
    const { client, commit } = live({ "a.x": 1 });
    const context = { user: "42", plan: "pro" };
    const scope = client.scope(context);
    context.plan = "free";
    commit({ "a.x": 2, "a.y": 3 });
    expect(scope.get("a.x")).toBe(1);
    expect(scope.get("a.y")).toBeUndefined();
    expect(scope.config).toEqual({ a: { x: 1 } });
    expect([scope.revision, scope.cursor]).toEqual([0, createFrameModel().snapshot().cursor]);
    expect(scope.context).toEqual({ user: "42", plan: "pro" });
    expect(client.scope().get("a.x")).toBe(2);
    expect(client.scope().context).toEqual({});
  });
});

describe("watching", () => {
  test("tells each changed key that matches, after the whole frame is applied", () => {
    const { client, commit } = live({ "a.x": 1, "a.deep.y": 1, "b.z": 1 });
    const seen: [string, ConfigChange, unknown][] = [];
    const patterns = ["a.*", "a.**", "**", "b.z", "a"];
    for (const pattern of patterns) client.watch(pattern, (change) => seen.push([pattern, change, client.config]));
    commit({ "a.x": 2, "a.deep.y": undefined });
    const { config } = client;
    expect(seen.map(([pattern, { key }]) => `${pattern} ${key}`)).toEqual([
      "a.* a.x",
      "a.** a.deep.y",
      "a.** a.x",
      "** a.deep.y",
      "** a.x",
    ]);
    expect(seen[0]?.[1]).toEqual({ kind: "value", key: "a.x", value: 2, previous: 1, revision: 1 });
    expect(seen[1]?.[1]).toEqual({ kind: "value", key: "a.deep.y", previous: 1, revision: 1 });
    expect(seen.every(([, , tree]) => tree === config)).toBe(true);
  });

  test("ends when it is stopped, also from inside a listener and within a frame", () => {
    const { client, commit } = live({ "a.x": 1, "a.y": 1 });
    const first = vi.fn<(value?: unknown) => void>();
    const second = vi.fn<(value?: unknown) => void>();
    const stopFirst = client.watch("a.*", (change) => {
      first(change.key);
      stopFirst();
      stopSecond();
    });
    const stopSecond = client.watch("a.*", second);
    commit({ "a.x": 2, "a.y": 2 });
    expect(first.mock.calls).toEqual([["a.x"]]);
    expect(second).not.toHaveBeenCalled();
  });

  test("a listener added while others are told hears of the next frame first", () => {
    const { client, commit } = live({ "a.x": 1 });
    const late = vi.fn<(value?: unknown) => void>();
    const stop = client.watch("a.x", () => {
      stop();
      client.watch("a.x", ({ value }) => late(value));
    });
    commit({ "a.x": 2 });
    expect(late).not.toHaveBeenCalled();
    commit({ "a.x": 3 });
    expect(late.mock.calls).toEqual([[3]]);
  });

  test("the same listener twice is called twice and stopped one by one", () => {
    const { client, commit } = live({ "a.x": 1 });
    const listener = vi.fn<(value?: unknown) => void>();
    const stops = [client.subscribe(listener), client.subscribe(listener)];
    commit({ "a.x": 2 });
    expect(listener).toHaveBeenCalledTimes(2);
    stops[0]?.();
    commit({ "a.x": 3 });
    expect(listener).toHaveBeenCalledTimes(3);
  });

  describe("with a listener that throws", () => {
    const faults: unknown[] = [];
    const collect = (fault: unknown) => faults.push(fault);
    const former = process.listeners("unhandledRejection");
    afterEach(() => {
      process.removeAllListeners("unhandledRejection");
      for (const listener of former) process.on("unhandledRejection", listener);
    });

    test("the fault surfaces and keeps nothing from the others or from the next frame", async () => {
      process.removeAllListeners("unhandledRejection");
      process.on("unhandledRejection", collect);
      const { client, commit } = live({ "a.x": 1, "a.y": 1 });
      const heard = vi.fn<(value?: unknown) => void>();
      client.watch("**", ({ key }) => {
        throw new Error(`bad ${key}`);
      });
      client.subscribe(() => {
        throw new Error("bad");
      });
      client.watch("a.*", ({ key }) => heard(key));
      commit({ "a.x": 2, "a.y": 2 });
      commit({ "a.x": 3 });
      expect(heard.mock.calls).toEqual([["a.x"], ["a.y"], ["a.x"]]);
      expect(client.status.state).toBe("live");
      await expect.poll(() => faults.length).toBe(5);
      expect(String(faults[0])).toBe("Error: bad a.x");
    });
  });
});

describe("status", () => {
  test("goes from connecting to live to stale and back, with words", async () => {
    const { client, wire, clock, model } = begin({ "a.x": 1 });
    const states: string[] = [];
    client.subscribe(() => states.push(client.status.state));
    expect(client.status).toMatchObject({ state: "connecting", source: "none", revision: 0, attempts: 0 });
    wire.last().events.onclose({ reason: "no daemon" });
    expect(client.status).toMatchObject({ state: "connecting", source: "none", attempts: 1, lastError: "no daemon" });
    clock.advance(200);
    wire.last().open();
    wire.last().send(model.snapshot());
    await client.ready;
    const since = clock.now();
    expect(client.status).toMatchObject({
      state: "live",
      source: "daemon",
      revision: 0,
      cursor: model.snapshot().cursor,
      attempts: 0,
      since,
    });
    clock.advance(50);
    wire.last().send(model.commit({ "a.x": 2 }));
    expect(client.status).toMatchObject({ state: "live", revision: 1, since });
    wire.last().events.onclose({ reason: "" });
    expect(client.status).toMatchObject({ state: "stale", source: "daemon", revision: 1, attempts: 2, lastError: "closed" });
    expect(client.get("a.x")).toBe(2);
    expect(states).toEqual(["connecting", "live", "live", "stale"]);
  });

  test("is a new object exactly when it changed", () => {
    const { client, commit } = live({ "a.x": 1 });
    const { status } = client;
    expect(client.status).toBe(status);
    commit({ "a.x": 2 });
    expect(client.status).not.toBe(status);
    expect(status.revision).toBe(0);
  });

  test("says what the page was rendered with, and resumes from there", async () => {
    const model = createFrameModel({ "a.x": 1 });
    const { wire, client } = begin({}, { cursor: model.snapshot().cursor, values: model.values() });
    await client.ready;
    expect(client.status).toMatchObject({ state: "connecting", source: "initial", cursor: model.snapshot().cursor });
    expect(client.config).toEqual({ a: { x: 1 } });
    wire.last().open();
    expect(wire.last().sent).toEqual([
      { type: "subscribe", environment: "own", cursor: model.snapshot().cursor, hash: model.snapshot().hash },
    ]);
    wire.last().send(model.commit({ "a.x": 2 }));
    expect(client.status).toMatchObject({ state: "live", source: "daemon" });
    expect(client.get("a.x")).toBe(2);
  });

  test("of initial state without a cursor there is none", () => {
    const { client } = begin({}, { values: { "a.x": 1 } });
    expect(client.status).toMatchObject({ source: "none", state: "connecting" });
    expect(client.get("a.x")).toBeUndefined();
  });

  test("a listener that is attached after ready works", async () => {
    const { client, commit } = live({ "a.x": 1 });
    await client.ready;
    const heard = vi.fn<(value?: unknown) => void>();
    client.watch("a.x", ({ value }) => heard(value));
    commit({ "a.x": 2 });
    expect(heard.mock.calls).toEqual([[2]]);
  });

  test("closing ends everything, once", async () => {
    const { client, wire, clock, commit, model } = live({ "a.x": 1 });
    const heard = vi.fn<() => void>(() => void client.close());
    client.subscribe(heard);
    const link = wire.last();
    await client.close();
    await client.close();
    expect(client.status.state).toBe("closed");
    expect(heard).toHaveBeenCalledTimes(1);
    expect(link.isClosed()).toBe(true);
    link.events.onclose({ reason: "late" });
    commit({ "a.x": 2 });
    clock.advance(10 * 60_000);
    expect(wire.links).toHaveLength(1);
    expect(client.get("a.x")).toBe(1);
    expect(model.revision).toBe(1);
  });

  test("closing before there are any values ends the wait for them", async () => {
    const { client } = begin();
    const { ready } = client;
    void client.close();
    await ready;
    expect(client.status).toMatchObject({ state: "closed", source: "none" });
    expect(client.config).toEqual({});
  });

  test("closing before there was a connection leaves no timer behind", async () => {
    const { client, wire, clock } = begin() as ReturnType<typeof begin> & { client: Client };
    wire.last().events.onclose({ reason: "no daemon" });
    await client.close();
    clock.advance(10 * 60_000);
    expect(wire.links).toHaveLength(1);
  });
});
