// @vitest-environment happy-dom
import { waitFor } from "@testing-library/react";
import { act, StrictMode, Suspense, type ReactNode } from "react";
import { hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SetpointProvider, useConfig, useConfigSuspense, useSetpointStatus } from "../src/index.ts";
import { startLive, type Live } from "./page.tsx";

const initial = { cursor: "1-0000000000000000", values: { "shop.maxItems": 5, "shop.title": "From the page" } };
let live: Live;

beforeEach(async () => {
  live = await startLive();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await live.close();
});

function Shop(): ReactNode {
  const { title, items } = useConfig((config) => ({ title: config.shop.title, items: config.shop.maxItems }));
  const status = useSetpointStatus();
  return (
    <p data-since={status.since} data-source={status.source}>
      {title}: {items}
    </p>
  );
}

/** Renders as a server does and hydrates, and gives all that React had to complain about. */
async function hydrate(
  page: ReactNode,
): Promise<{ readonly element: HTMLElement; readonly html: string; readonly complaints: unknown[]; leave(): Promise<void> }> {
  const complaints: unknown[] = [];
  vi.spyOn(console, "error").mockImplementation((...parts) => complaints.push(parts));
  const html = renderToString(page);
  const element = document.createElement("div");
  element.innerHTML = html;
  const root = await act(async () => hydrateRoot(element, page, { onRecoverableError: (error) => complaints.push(error) }));
  return { element, html, complaints, leave: () => act(async () => root.unmount()) };
}

test("a server renders the initial values and opens no connection", async () => {
  const html = renderToString(
    <SetpointProvider url={live.url} initial={initial}>
      <Shop />
    </SetpointProvider>,
  );
  expect(html).toContain("From the page");
  expect(await live.upstream.subscribers()).toBe(1);
});

test("hydration agrees with the server, then the page goes live", async () => {
  const { element, html, complaints, leave } = await hydrate(
    <StrictMode>
      <SetpointProvider url={live.url} initial={initial}>
        <Shop />
      </SetpointProvider>
    </StrictMode>,
  );
  expect(html).toContain('data-source="initial"');
  await waitFor(() => expect(element.textContent).toBe("Corner shop: 10"));
  expect(complaints).toEqual([]);
  await leave();
});

test("hydration agrees with the server although the client is ahead of it", async () => {
  const { element, html, complaints, leave } = await hydrate(
    <StrictMode>
      <SetpointProvider client={live.client} initial={initial}>
        <Shop />
      </SetpointProvider>
    </StrictMode>,
  );
  expect(html).toContain("From the page");
  expect(complaints).toEqual([]);
  expect(element.textContent).toBe("Corner shop: 10");
  await leave();
});

test("what would wait on a server is left to the browser", async () => {
  function Waiting(): ReactNode {
    return useConfigSuspense((config) => config.shop.maxItems);
  }
  vi.stubGlobal("document", undefined);
  const html = renderToString(
    <SetpointProvider url={live.url}>
      <Suspense fallback="waiting">
        <Waiting />
      </Suspense>
    </SetpointProvider>,
  );
  vi.unstubAllGlobals();
  expect(html).toContain("waiting");
  expect(await live.upstream.subscribers()).toBe(1);
});
