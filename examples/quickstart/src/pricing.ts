import type { Product } from "./catalogue.ts";
import type { ShopConfig } from "./config.ts";

type Pricing = Pick<ShopConfig, "currency" | "discountPercent">;
type Shipping = Pick<ShopConfig, "shippingRules">;

/** One line of a cart or order. */
export interface Line {
  readonly product: Product;
  readonly quantity: number;
}

/** All sums in hundredths of the currency. */
export interface Totals {
  readonly goods: number;
  readonly shipping: number;
  readonly total: number;
}

/** What a product costs now, in hundredths of the currency; page and server reckon with the same function. */
export function priceOf({ prices }: Product, { currency, discountPercent }: Pricing): number {
  return Math.round((prices[currency] * (100 - discountPercent)) / 100);
}

/** What a cart costs when it is sent to `region`; `undefined` where nothing is sent there. An empty cart costs nothing. */
export function totalsOf(lines: readonly Line[], region: string, shop: Pricing & Shipping): Totals | undefined {
  const rule = shop.shippingRules.find((candidate) => candidate.region === region);
  if (!rule) return undefined;
  const goods = lines.reduce((sum, { product, quantity }) => sum + quantity * priceOf(product, shop), 0);
  const isFree = goods === 0 || goods >= rule.freeFrom * 100;
  const shipping = isFree ? 0 : rule.fee * 100;
  return { goods, shipping, total: goods + shipping };
}
