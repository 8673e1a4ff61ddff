// @vitest-environment happy-dom
import { waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, test } from "vitest";
import { useConfig, useSetpointStatus, type RegisteredConfig } from "../src/index.ts";
import { mountPage, startLive, type Live } from "./page.tsx";

let live: Live;
let renders: string[];

beforeEach(async () => {
  live = await startLive();
  renders = [];
});
afterEach(() => live.close());

function Shows({ name, select }: { readonly name: string; readonly select: (config: RegisteredConfig) => unknown }): ReactNode {
  const selected = useConfig(select);
  renders.push(name);
  return JSON.stringify(selected);
}

test("only the component whose selection changed renders again", async () => {
  const page = await mountPage({
    client: live.client,
    children: (
      <>
        <Shows name="items" select={(config) => config.shop.maxItems} />
        <Shows name="title" select={(config) => config.shop.title} />
        <Shows name="shop" select={(config) => config.shop} />
        <Shows name="mail" select={(config) => config.mail} />
      </>
    ),
  });
  renders = [];
  await live.change({ "shop.maxItems": 20 });
  expect(renders.toSorted()).toEqual(["items", "shop"]);
  renders = [];
  await live.change({ "mail.sender": "office@example.org" });
  expect(renders).toEqual(["mail"]);
  expect(page.text()).toContain("office@example.org");
});

test("a selector may build its result anew at each call", async () => {
  await mountPage({
    client: live.client,
    children: (
      <>
        <Shows name="object" select={(config) => ({ items: config.shop.maxItems })} />
        <Shows name="array" select={(config) => [config.shop.maxItems, { deep: [config.shop.title] }]} />
      </>
    ),
  });
  expect(renders).toEqual(["object", "array"]);
  renders = [];
  await live.change({ "mail.sender": "office@example.org" });
  expect(renders).toEqual([]);
  await live.change({ "shop.title": "Mall" });
  expect(renders).toEqual(["array"]);
});

test("a selector that builds what cannot be compared neither loops nor goes stale", async () => {
  function Size(): ReactNode {
    const titles = useConfig((config) => new Map([[config.shop.title, () => config.shop.maxItems]]));
    renders.push("map");
    return [...titles].map(([title, items]) => `${title}: ${items()}`);
  }
  const page = await mountPage({ client: live.client, children: <Size /> });
  expect(renders).toEqual(["map"]);
  await live.change({ "shop.maxItems": 20 });
  expect(page.text()).toBe("Corner shop: 20");
});

test("a selector that takes another key is followed at once", async () => {
  const Choice = ({ name }: { readonly name: "title" | "maxItems" }): ReactNode => useConfig((config) => config.shop[name]);
  const page = await mountPage({ client: live.client, children: <Choice name="title" /> });
  await page.show(<Choice name="maxItems" />);
  expect(page.text()).toBe("10");
  await live.change({ "shop.maxItems": 20 });
  expect(page.text()).toBe("20");
});

test("a component that comes late sees what is in force", async () => {
  const page = await mountPage({ client: live.client });
  await live.change({ "shop.maxItems": 20 });
  await page.show(<Shows name="items" select={(config) => config.shop.maxItems} />);
  expect(page.text()).toBe("20");
});

test("two components of one render never show two revisions", async () => {
  const page = await mountPage({
    client: live.client,
    children: (
      <>
        <Shows name="one" select={(config) => config.shop.maxItems} />
        <Shows name="other" select={(config) => config.shop.maxItems} />
      </>
    ),
  });
  await live.change({ "shop.maxItems": 20 });
  expect(page.text()).toBe("2020");
});

test("the status says how good the values are, and can be selected from", async () => {
  function State(): ReactNode {
    renders.push("state");
    return useSetpointStatus((status) => status.state);
  }
  const page = await mountPage({ client: live.client, children: <State /> });
  expect(page.text()).toBe("live");
  renders = [];
  await live.change({ "shop.maxItems": 20 });
  expect(renders).toEqual([]);
  void live.upstream.down();
  await waitFor(() => expect(page.text()).toBe("stale"));
  await page.leave();
});

test("a component without a provider is told what is missing", async () => {
  const page = await mountPage({ client: live.client });
  await page.leave();
  const { renderToString } = await import("react-dom/server");
  expect(() => renderToString(<Shows name="lost" select={(config) => config} />)).toThrow("<SetpointProvider>");
});
