// @vitest-environment happy-dom
import { waitFor } from "@testing-library/react";
import { act, Suspense, type ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SetpointProvider, useConfig, useConfigSuspense, useSetpointStatus } from "../src/index.ts";
import { mountPage, startLive, type Live } from "./page.tsx";

let live: Live;
const initial = {
  cursor: "1-0000000000000000",
  values: { "shop.maxItems": 5, "shop.title": "From the page", "mail.sender": "page@example.org" },
};

beforeEach(async () => {
  live = await startLive();
});
afterEach(async () => {
  vi.useRealTimers();
  await live.close();
});

function Items(): ReactNode {
  return useConfig((config) => config.shop?.maxItems ?? "none");
}

/** The connections that pages hold, besides the test's own. */
const connections = async (): Promise<number> => (await live.upstream.subscribers()) - 1;
const expectConnections = (count: number) => waitFor(async () => expect(await connections()).toBe(count));

/** Lets the time pass after which an unused connection is closed. */
async function leaveForGood(leave: () => Promise<void>): Promise<void> {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  await leave();
  vi.advanceTimersByTime(5_000);
  vi.useRealTimers();
  await expectConnections(0);
}

test("the first values are those of the page, then the daemon's", async () => {
  const shown: unknown[] = [];
  function Recorded(): ReactNode {
    shown.push(useConfig((config) => config.shop.maxItems));
    return null;
  }
  await mountPage({ url: live.url, initial, children: <Recorded /> });
  await waitFor(() => expect(shown).toEqual([5, 10]));
});

test("strict effects open one connection and close none", async () => {
  const page = await mountPage({ url: live.url, children: <Items /> }, { strict: true });
  await expectConnections(1);
  await waitFor(() => expect(page.text()).toBe("10"));
  await leaveForGood(page.leave);
});

test("providers of one address share a connection, and it ends with the last", async () => {
  const first = await mountPage({ url: live.url, children: <Items /> });
  const second = await mountPage({ url: live.url, children: <Items /> });
  await expectConnections(1);
  await first.leave();
  await live.change({ "shop.maxItems": 20 });
  await waitFor(() => expect(second.text()).toBe("20"));
  await leaveForGood(second.leave);
});

test("a provider that is mounted again shows the last values, not the first", async () => {
  const page = await mountPage({ url: live.url, initial, children: <Items /> });
  await waitFor(() => expect(page.text()).toBe("10"));
  await leaveForGood(page.leave);

  const shown: unknown[] = [];
  function Recorded(): ReactNode {
    shown.push([useConfig((config) => config.shop.maxItems), useSetpointStatus((status) => status.source)]);
    return null;
  }
  await live.change({ "shop.maxItems": 20 });
  await mountPage({ url: live.url, initial, children: <Recorded /> });
  await waitFor(() => expect(shown.at(-1)).toEqual([20, "daemon"]));
  expect(shown[0]).toEqual([10, "daemon"]);
  expect(shown).not.toContainEqual([5, expect.anything()]);
});

test("a suspended component waits in its boundary for the first values only", async () => {
  function Waiting(): ReactNode {
    return useConfigSuspense((config) => config.shop.maxItems);
  }
  await live.upstream.down();
  const page = await mountPage({
    url: live.url,
    children: (
      <Suspense fallback="waiting">
        <Waiting />
      </Suspense>
    ),
  });
  expect(page.text()).toBe("waiting");
  await live.upstream.up();
  await waitFor(() => expect(page.text()).toBe("10"));
  await live.upstream.down();
  await waitFor(() => expect(live.client.status.state).toBe("stale"));
  expect(page.text()).toBe("10");
});

test("a boundary above the provider is left as well", async () => {
  function Waiting(): ReactNode {
    return useConfigSuspense((config) => config.shop.maxItems);
  }
  const { createRoot } = await import("react-dom/client");
  const element = document.createElement("div");
  const root = createRoot(element);
  await act(async () =>
    root.render(
      <Suspense fallback="waiting">
        <SetpointProvider url={live.url}>
          <Waiting />
        </SetpointProvider>
      </Suspense>,
    ),
  );
  await waitFor(() => expect(element.textContent).toBe("10"));
  await act(async () => root.unmount());
});
