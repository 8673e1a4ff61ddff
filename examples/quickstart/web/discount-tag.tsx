import { useConfig } from "@setpoint/react";
import type { ReactElement } from "react";

/** Says what is taken off, while something is. */
export function DiscountTag(): ReactElement | null {
  const discountPercent = useConfig((config) => config.shop.discountPercent);
  if (discountPercent === 0) return null;
  return <p className="discount">{discountPercent} % off everything</p>;
}
