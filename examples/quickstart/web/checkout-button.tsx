import { useConfig } from "@setpoint/react";
import { useState, type ReactElement } from "react";
import type { CheckoutResult } from "../src/checkout.ts";
import type { Line } from "../src/pricing.ts";
import { useCartActions } from "./cart-state.tsx";
import { money } from "./money.ts";

export interface CheckoutButtonProps {
  readonly lines: readonly Line[];
  readonly region: string;
}

/** Orders the cart, as long as orders are taken. */
export function CheckoutButton({ lines, region }: CheckoutButtonProps): ReactElement {
  const checkoutEnabled = useConfig((config) => config.shop.checkoutEnabled);
  const { clear } = useCartActions();
  const [isOrdering, setOrdering] = useState(false);
  const [outcome, setOutcome] = useState("");

  async function order(): Promise<void> {
    setOrdering(true);
    const result = await placeOrder(lines, region);
    setOrdering(false);
    setOutcome(result.ok ? `Thank you. Order ${result.order}, ${money(result.total, result.currency)}.` : result.error);
    if (result.ok) clear();
  }

  return (
    <>
      <button type="button" className="order" disabled={!checkoutEnabled || isOrdering || lines.length === 0} onClick={() => void order()}>
        {checkoutEnabled ? "Check out" : "Checkout is closed"}
      </button>
      <p className="outcome" role="status">
        {checkoutEnabled ? outcome : "We are taking no orders at the moment. Your cart is kept."}
      </p>
    </>
  );
}

async function placeOrder(lines: readonly Line[], region: string): Promise<CheckoutResult> {
  try {
    const response = await fetch("/api/checkout", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ region, lines: lines.map(({ product, quantity }) => ({ id: product.id, quantity })) }),
    });
    return (await response.json()) as CheckoutResult;
  } catch {
    return { ok: false, status: 503, error: "The shop cannot be reached. Your cart is kept." };
  }
}
