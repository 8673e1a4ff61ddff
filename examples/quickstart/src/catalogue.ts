import type { ShopConfig } from "./config.ts";

export type Form = "vase" | "bowl" | "mug" | "pitcher" | "bottle" | "plate" | "teapot" | "jar" | "cup";
export type Glaze = "ash" | "iron" | "sea" | "chalk" | "moss";

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly note: string;
  readonly form: Form;
  readonly glaze: Glaze;
  /** The full price on each price list, in hundredths of its currency. */
  readonly prices: Readonly<Record<ShopConfig["currency"], number>>;
}

/** All that the shop sells, in the order in which it is shown. */
export const catalogue: readonly Product[] = [
  {
    id: "moon-jar",
    name: "Moon jar",
    note: "Thrown in two halves, joined at the belly",
    form: "vase",
    glaze: "chalk",
    prices: { EUR: 148_00, GBP: 128_00, USD: 162_00 },
  },
  {
    id: "supper-bowl",
    name: "Supper bowl",
    note: "Wide, deep, stacks well",
    form: "bowl",
    glaze: "sea",
    prices: { EUR: 34_00, GBP: 29_00, USD: 38_00 },
  },
  {
    id: "morning-mug",
    name: "Morning mug",
    note: "Holds 320 ml and a thumb",
    form: "mug",
    glaze: "ash",
    prices: { EUR: 28_00, GBP: 24_00, USD: 31_00 },
  },
  {
    id: "field-pitcher",
    name: "Field pitcher",
    note: "Pours without a drip",
    form: "pitcher",
    glaze: "iron",
    prices: { EUR: 72_00, GBP: 62_00, USD: 79_00 },
  },
  {
    id: "reed-bottle",
    name: "Reed bottle",
    note: "For one branch, or none",
    form: "bottle",
    glaze: "moss",
    prices: { EUR: 56_00, GBP: 48_00, USD: 61_00 },
  },
  {
    id: "table-plate",
    name: "Table plate",
    note: "27 cm, with a soft rim",
    form: "plate",
    glaze: "chalk",
    prices: { EUR: 39_00, GBP: 34_00, USD: 43_00 },
  },
  {
    id: "low-teapot",
    name: "Low teapot",
    note: "Two cups, and a lid that stays",
    form: "teapot",
    glaze: "iron",
    prices: { EUR: 96_00, GBP: 83_00, USD: 105_00 },
  },
  {
    id: "salt-jar",
    name: "Salt jar",
    note: "A lid heavy enough to keep damp out",
    form: "jar",
    glaze: "sea",
    prices: { EUR: 44_00, GBP: 38_00, USD: 48_00 },
  },
  {
    id: "tea-cup",
    name: "Tea cup",
    note: "No handle, warm hands",
    form: "cup",
    glaze: "moss",
    prices: { EUR: 19_00, GBP: 16_50, USD: 21_00 },
  },
];
