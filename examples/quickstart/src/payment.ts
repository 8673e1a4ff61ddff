import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

export type Payment = { readonly ok: true; readonly reference: string } | { readonly ok: false };

/** @param amount hundredths of the currency */
export type TakePayment = (amount: number, currency: string, timeoutMs: number) => Promise<Payment>;

const payingMs = 250;

/** Stands in for a payment provider: says yes after a moment, unless that is longer than the shop waits. */
export const takeTestPayment: TakePayment = async (_amount, _currency, timeoutMs) => {
  await delay(Math.min(payingMs, timeoutMs));
  return payingMs <= timeoutMs ? { ok: true, reference: `K-${randomUUID().slice(0, 8).toUpperCase()}` } : { ok: false };
};
