import { useConfig } from "@setpoint/react";
import type { ReactElement } from "react";
import { catalogue } from "../src/catalogue.ts";
import { ProductCard } from "./product-card.tsx";

/** As many products as a page has now. */
export function ProductGrid(): ReactElement {
  const itemsPerPage = useConfig((config) => config.shop.itemsPerPage);
  const shown = catalogue.slice(0, itemsPerPage);
  return (
    <section aria-labelledby="products-title">
      <h2 id="products-title">
        On the shelf{" "}
        <span className="count">
          {shown.length} of {catalogue.length}
        </span>
      </h2>
      <ul className="grid">
        {shown.map((product) => (
          <ProductCard key={product.id} product={product} />
        ))}
      </ul>
    </section>
  );
}
