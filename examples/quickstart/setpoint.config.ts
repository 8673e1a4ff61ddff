import { defineConfig, defineSchema } from "@setpoint/core";
import { z } from "zod";

const shippingRule = z.object({
  region: z.string().min(1).max(40),
  fee: z.int().min(0).max(1_000),
  freeFrom: z.int().min(0).max(100_000),
});

/** Keys marked `client` reach the page; the others stay with the server. */
const shop = z.object({
  banner: z.string().max(120).default("New from the kiln: the ash-glazed tableware").meta({
    description: "The line above the shop. Empty hides it.",
    impact: "Seen by every visitor at once.",
    client: true,
  }),
  accent: z.enum(["terracotta", "celadon", "cobalt", "plum"]).default("terracotta").meta({
    description: "The glaze that gives the shop its colour.",
    impact: "Colour of buttons, links and pictures.",
    client: true,
  }),
  discountPercent: z.int().min(0).max(90).default(0).meta({
    description: "What is taken off every price.",
    impact: "Lowers all prices of the shop, on the page and at checkout.",
    unit: "%",
    client: true,
  }),
  currency: z.enum(["EUR", "GBP", "USD"]).default("EUR").meta({
    description: "Which of the price lists is in force.",
    impact: "All prices; what is being bought is charged in the new currency.",
    client: true,
  }),
  itemsPerPage: z.int().min(1).max(9).default(6).meta({
    description: "How many products are shown.",
    impact: "Length of the page and of the answer of /api/products.",
    unit: "products",
    client: true,
  }),
  shippingRules: z
    .array(shippingRule)
    .min(1)
    .max(8)
    .default([
      { region: "Inland", fee: 5, freeFrom: 60 },
      { region: "Europe", fee: 12, freeFrom: 120 },
      { region: "World", fee: 28, freeFrom: 250 },
    ])
    .meta({
      description: "What shipping costs in each region, and from which sum on it is free.",
      impact: "Sums of the cart and at checkout.",
      unit: "whole units of the currency",
      client: true,
    }),
  checkoutEnabled: z.boolean().default(true).meta({
    description: "Whether orders are taken.",
    impact: "Off: the page says so, and the server refuses orders.",
    client: true,
  }),
  paymentTimeoutMs: z.int().min(100).max(30_000).default(4_000).meta({
    description: "How long an order waits for its payment.",
    impact: "The next order.",
    unit: "ms",
  }),
  keepAliveTimeoutMs: z.int().min(1_000).max(120_000).default(5_000).meta({
    description: "How long an idle connection is kept; read once, when the server starts.",
    impact: "Connections opened after a restart.",
    unit: "ms",
    effect: "restart",
  }),
});

export default defineConfig({
  environments: [
    { name: "base", description: "What every environment starts from." },
    { name: "dev", parent: "base", description: "Your own machine." },
    { name: "staging", parent: "base", description: "What production is going to be." },
    { name: "production", parent: "staging", description: "The shop that customers see.", isProduction: true },
  ],
  defaultEnvironment: "dev",
  schemas: { shop: defineSchema(shop) },
});
