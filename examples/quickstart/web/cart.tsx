import { useConfig } from "@setpoint/react";
import { useState, type ReactElement } from "react";
import { priceOf, totalsOf } from "../src/pricing.ts";
import { useCartActions, useCartLines } from "./cart-state.tsx";
import { CheckoutButton } from "./checkout-button.tsx";
import { money, wholeMoney } from "./money.ts";
import { RenderCount } from "./render-count.tsx";

/** The cart with its sums, under the prices and shipping rules in force. */
export function Cart(): ReactElement {
  const shop = useConfig(({ shop: { currency, discountPercent, shippingRules } }) => ({ currency, discountPercent, shippingRules }));
  const lines = useCartLines();
  const { add, remove } = useCartActions();
  const [wanted, setWanted] = useState("");
  // A region that is not served any more gives way to the first one that is.
  const rule = shop.shippingRules.find(({ region }) => region === wanted) ?? shop.shippingRules[0];
  const region = rule?.region ?? "";
  const totals = totalsOf(lines, region, shop);
  const show = (hundredths: number): string => money(hundredths, shop.currency);

  return (
    <aside className="cart" aria-labelledby="cart-title">
      <RenderCount of="the cart" />
      <h2 id="cart-title">Your cart</h2>
      {lines.length === 0 ? (
        <p className="note">Nothing in it yet.</p>
      ) : (
        <ul className="lines">
          {lines.map(({ product, quantity }) => (
            <li key={product.id}>
              <span className="line-name">{product.name}</span>
              <span className="quantity">
                <button type="button" aria-label={`One ${product.name} less`} onClick={() => remove(product)}>
                  −
                </button>
                <span>{quantity}</span>
                <button type="button" aria-label={`One ${product.name} more`} onClick={() => add(product)}>
                  +
                </button>
              </span>
              <span className="sum">{show(quantity * priceOf(product, shop))}</span>
            </li>
          ))}
        </ul>
      )}
      <fieldset className="regions">
        <legend>Send to</legend>
        {shop.shippingRules.map((option) => (
          <label key={option.region}>
            <input type="radio" name="region" checked={option.region === region} onChange={() => setWanted(option.region)} />
            <span>{option.region}</span>
            <small>
              {wholeMoney(option.fee, shop.currency)}, free from {wholeMoney(option.freeFrom, shop.currency)}
            </small>
          </label>
        ))}
      </fieldset>
      {totals && lines.length > 0 && (
        <dl className="totals">
          <dt>Goods</dt>
          <dd>{show(totals.goods)}</dd>
          <dt>Shipping</dt>
          <dd>{totals.shipping === 0 ? "free" : show(totals.shipping)}</dd>
          <dt>Total</dt>
          <dd>{show(totals.total)}</dd>
        </dl>
      )}
      <CheckoutButton lines={lines} region={region} />
    </aside>
  );
}
