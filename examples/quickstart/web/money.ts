import type { ShopConfig } from "../src/config.ts";

type Currency = ShopConfig["currency"];

/** An amount in hundredths of the currency, as people write it. */
export function money(hundredths: number, currency: Currency): string {
  return new Intl.NumberFormat("en", { style: "currency", currency }).format(hundredths / 100);
}

/** An amount in whole units of the currency. */
export function wholeMoney(units: number, currency: Currency): string {
  return new Intl.NumberFormat("en", { style: "currency", currency, maximumFractionDigits: 0 }).format(units);
}
