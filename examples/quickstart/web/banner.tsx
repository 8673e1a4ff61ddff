import { useConfig } from "@setpoint/react";
import type { ReactElement } from "react";
import { RenderCount } from "./render-count.tsx";

/** The line above the shop; nothing when it is empty. */
export function Banner(): ReactElement | null {
  const banner = useConfig((config) => config.shop.banner);
  if (banner === "") return null;
  return (
    <aside className="banner" aria-label="Announcement">
      <p>{banner}</p>
      <RenderCount of="the banner" />
    </aside>
  );
}
