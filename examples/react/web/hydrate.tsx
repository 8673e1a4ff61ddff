import type { InitialState } from "@setpoint/client";
import { SetpointProvider } from "@setpoint/react";
import { StrictMode } from "react";
import { hydrateRoot } from "react-dom/client";
import { Page } from "./page.tsx";
import "./page.css";

const root = document.getElementById("page");
const initial = (JSON.parse(document.getElementById("setpoint")?.textContent || "null") as InitialState | null) ?? undefined;

if (root) {
  hydrateRoot(
    root,
    <StrictMode>
      <SetpointProvider initial={initial}>
        <Page />
      </SetpointProvider>
    </StrictMode>,
  );
}
