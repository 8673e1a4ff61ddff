import type { InitialState } from "@setpoint/client";
import { SetpointProvider } from "@setpoint/react";
import { createRoot } from "react-dom/client";
import { ShopPage } from "./shop-page.tsx";
import "./shop.css";

const initial = (JSON.parse(document.getElementById("setpoint")?.textContent || "null") as InitialState | null) ?? undefined;
const root = document.getElementById("shop");

if (root) {
  createRoot(root).render(
    <SetpointProvider initial={initial}>
      <ShopPage />
    </SetpointProvider>,
  );
}
