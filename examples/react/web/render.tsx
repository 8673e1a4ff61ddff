import type { InitialState } from "@setpoint/client";
import { SetpointProvider } from "@setpoint/react";
import { renderToString } from "react-dom/server";
import { Page } from "./page.tsx";

/** The page as HTML, showing the values that the browser is going to start from. */
export function render(initial: InitialState): string {
  return renderToString(
    <SetpointProvider initial={initial}>
      <Page />
    </SetpointProvider>,
  );
}
