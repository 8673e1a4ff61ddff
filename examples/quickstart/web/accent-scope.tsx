import { useConfig } from "@setpoint/react";
import type { ReactElement, ReactNode } from "react";

/** Gives all that is inside the accent in force. Its children stay the same elements, so they do not render again with it. */
export function AccentScope({ children }: { readonly children: ReactNode }): ReactElement {
  const accent = useConfig((config) => config.shop.accent);
  return (
    <div className="shop" data-accent={accent}>
      {children}
    </div>
  );
}
