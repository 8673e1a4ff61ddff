import { SetpointError } from "@setpoint/core";
import { describe, expect, test, vi } from "vitest";
import { createTestClient } from "../../src/testing/index.ts";

interface Config {
  readonly shop: { readonly maxItems: number; readonly title: string; readonly tags: readonly string[] };
}

describe("a test client", () => {
  test("shows its values at once, typed and frozen, and leaves the caller's alone", async () => {
    const tags = ["a"];
    const client = createTestClient<Config>({ "shop.maxItems": 10, "shop.tags": tags });
    await client.ready;
    expect(client.status).toMatchObject({ state: "live", source: "daemon" });
    expect(client.config.shop.maxItems).toBe(10);
    expect(Object.isFrozen(client.config.shop.tags)).toBe(true);
    tags.push("b");
    expect(client.get("shop.tags")).toEqual(["a"]);
  });

  test("set, unset and commit show at once, each as one frame", () => {
    const client = createTestClient<Config>({ "shop.maxItems": 10, "shop.title": "Corner" });
    const seen: string[] = [];
    const notified = vi.fn<(value?: unknown) => void>();
    client.watch("shop.*", ({ key, value, previous }) => seen.push(`${key}: ${JSON.stringify(previous)} → ${JSON.stringify(value)}`));
    client.subscribe(notified);
    const handle = client.handle("shop.maxItems");
    client.set("shop.maxItems", 20);
    expect(handle.value).toBe(20);
    client.unset("shop.title");
    client.commit({ "shop.maxItems": 30, "shop.title": "Market" });
    client.set("shop.maxItems", 30);
    expect(seen).toEqual([
      "shop.maxItems: 10 → 20",
      'shop.title: "Corner" → undefined',
      "shop.maxItems: 20 → 30",
      'shop.title: undefined → "Market"',
    ]);
    expect(notified).toHaveBeenCalledTimes(3);
    expect(client.config).toEqual({ shop: { maxItems: 30, title: "Market" } });
  });

  test("a commit from inside a listener is told after the one before it", () => {
    const client = createTestClient({ "a.x": 0 });
    const heard: unknown[] = [];
    client.watch("a.x", ({ value }) => {
      if (value === 1) client.set("a.x", 2);
    });
    client.watch("a.x", ({ value }) => heard.push(value));
    client.set("a.x", 1);
    expect(heard).toEqual([1, 2]);
  });

  test("serves what it knows while it is disconnected, and only then catches up", () => {
    const client = createTestClient({ "a.x": 1 });
    client.disconnect("the daemon stopped");
    client.set("a.x", 2);
    expect(client.status).toMatchObject({ state: "stale", lastError: "the daemon stopped" });
    expect(client.get("a.x")).toBe(1);
    client.reconnect();
    client.reconnect();
    expect(client.status.state).toBe("live");
    expect(client.get("a.x")).toBe(2);
    client.set("a.x", 3);
    expect(client.get("a.x")).toBe(3);
  });

  test("can start as if no daemon had been reached yet", async () => {
    const client = createTestClient({ "a.x": 1 }, { connected: false });
    expect(client.status).toMatchObject({ state: "connecting", source: "none" });
    expect(client.get("a.x")).toBeUndefined();
    client.reconnect();
    await client.ready;
    expect(client.get("a.x")).toBe(1);
  });

  test("a feed for browsers shows the keys that are for them", async () => {
    const client = createTestClient({ "a.open": 1, "a.secret": 2 }, { clientKeys: ["a.open"] });
    const feed = client.feed({ audience: "client" });
    const frames: string[] = [];
    feed.frames(({ type }) => frames.push(type));
    await feed.ready;
    expect(feed.state()?.values).toEqual({ "a.open": 1 });
    client.commit({ "a.secret": 3 });
    client.commit({ "a.open": 4, "a.secret": 5 });
    expect(feed.state()?.values).toEqual({ "a.open": 4 });
    expect(frames).toEqual(["change"]);
    client.disconnect();
    client.set("a.open", 6);
    client.reconnect();
    expect(feed.state()?.values).toEqual({ "a.open": 6 });
    await client.close();
    client.set("a.open", 7);
    expect(feed.state()?.values).toEqual({ "a.open": 6 });
  });

  test("changes are iterated, and end with the client", async () => {
    const client = createTestClient({ "a.x": 0 });
    const changes = client.changes("a.*");
    client.set("a.x", 1);
    client.set("a.x", 2);
    await client.close();
    const values = [];
    for await (const { value } of changes) values.push(value);
    expect(values).toEqual([1, 2]);
  });

  test("refuses what is no key", () => {
    expect(() => createTestClient({ "a..b": 1 })).toThrow(SetpointError);
    expect(() => createTestClient().set("__proto__.x", 1)).toThrow(SetpointError);
  });
});
