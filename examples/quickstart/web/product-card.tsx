import { useConfig } from "@setpoint/react";
import { memo, type ReactElement } from "react";
import type { Product } from "../src/catalogue.ts";
import { priceOf } from "../src/pricing.ts";
import { useCartActions } from "./cart-state.tsx";
import { money } from "./money.ts";
import { RenderCount } from "./render-count.tsx";
import { Vessel } from "./vessel.tsx";

/** One product. It renders again when its price may have changed, and for nothing else. */
export const ProductCard = memo(function ProductCard({ product }: { readonly product: Product }): ReactElement {
  const pricing = useConfig(({ shop: { currency, discountPercent } }) => ({ currency, discountPercent }));
  const { add } = useCartActions();
  const { currency, discountPercent } = pricing;
  const price = money(priceOf(product, pricing), currency);
  return (
    <li className="card">
      <RenderCount of={product.name} />
      <Vessel form={product.form} glaze={product.glaze} />
      <div className="card-text">
        <h3>{product.name}</h3>
        <p className="note">{product.note}</p>
        <p className="price">
          {discountPercent > 0 && (
            <s>
              <span className="unseen">before </span>
              {money(product.prices[currency], currency)}
            </s>
          )}
          <strong>
            {discountPercent > 0 && <span className="unseen">now </span>}
            {price}
          </strong>
        </p>
        <button type="button" onClick={() => add(product)}>
          Add<span className="unseen"> {product.name} to the cart</span>
        </button>
      </div>
    </li>
  );
});
