import { z } from "zod";
import { catalogue } from "./catalogue.ts";
import type { ShopConfig } from "./config.ts";
import type { TakePayment } from "./payment.ts";
import { totalsOf, type Line, type Totals } from "./pricing.ts";

const linesMax = 20;
const quantityMax = 99;

const orderBody = z.strictObject({
  region: z.string().min(1).max(40),
  lines: z
    .array(z.strictObject({ id: z.string().max(40), quantity: z.int().min(1).max(quantityMax) }))
    .min(1)
    .max(linesMax),
});

export type CheckoutResult =
  | ({ readonly ok: true; readonly order: string; readonly currency: ShopConfig["currency"] } & Totals)
  | { readonly ok: false; readonly status: 400 | 422 | 503 | 504; readonly error: string };

/** Takes an order under the shop's configuration at this moment. Prices and shipping are the server's, whatever the page showed. */
export async function checkOut(body: unknown, shop: ShopConfig, takePayment: TakePayment): Promise<CheckoutResult> {
  if (!shop.checkoutEnabled) return { ok: false, status: 503, error: "Checkout is closed at the moment. Your cart is kept." };
  const order = orderBody.safeParse(body);
  if (!order.success) return { ok: false, status: 400, error: z.prettifyError(order.error) };
  const lines = order.data.lines.map(({ id, quantity }) => lineOf(id, quantity));
  const unknown = order.data.lines.find((_, index) => !lines[index]);
  if (unknown) return { ok: false, status: 422, error: `There is no product ${JSON.stringify(unknown.id)}.` };
  const totals = totalsOf(
    lines.filter((line) => line !== undefined),
    order.data.region,
    shop,
  );
  if (!totals) return { ok: false, status: 422, error: `Nothing is sent to ${JSON.stringify(order.data.region)} any more.` };
  const payment = await takePayment(totals.total, shop.currency, shop.paymentTimeoutMs);
  if (!payment.ok) return { ok: false, status: 504, error: "The payment took too long. Nothing was charged." };
  return { ok: true, order: payment.reference, currency: shop.currency, ...totals };
}

function lineOf(id: string, quantity: number): Line | undefined {
  const product = catalogue.find((candidate) => candidate.id === id);
  return product && { product, quantity };
}
