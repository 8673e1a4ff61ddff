import { expect, test } from "vitest";
import { catalogue } from "../src/catalogue.ts";
import { priceOf, totalsOf } from "../src/pricing.ts";

const shippingRules = [{ region: "Inland", fee: 5, freeFrom: 60 }];
const [jar] = catalogue;
if (!jar) throw new Error("The catalogue is empty.");

test("a discount is taken off to the nearest hundredth", () => {
  expect(priceOf({ ...jar, prices: { EUR: 9_99, GBP: 1, USD: 1 } }, { currency: "EUR", discountPercent: 33 })).toBe(6_69);
});

test("shipping is free from the sum that the rule names, reckoned after the discount", () => {
  const cheap = { ...jar, prices: { EUR: 60_00, GBP: 1, USD: 1 } };
  const lines = [{ product: cheap, quantity: 1 }];
  const totals = (discountPercent: number) => totalsOf(lines, "Inland", { currency: "EUR", discountPercent, shippingRules });
  expect(totals(0)).toEqual({ goods: 60_00, shipping: 0, total: 60_00 });
  expect(totals(10)).toEqual({ goods: 54_00, shipping: 5_00, total: 59_00 });
});

test("an empty cart costs nothing, and nothing is sent where no rule applies", () => {
  expect(totalsOf([], "Inland", { currency: "EUR", discountPercent: 0, shippingRules })).toEqual({ goods: 0, shipping: 0, total: 0 });
  expect(totalsOf([], "Moon", { currency: "EUR", discountPercent: 0, shippingRules })).toBeUndefined();
});
