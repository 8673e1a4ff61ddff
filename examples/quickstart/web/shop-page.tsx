import { useConfigSuspense } from "@setpoint/react";
import { Suspense, type ReactElement, type ReactNode } from "react";
import { AccentScope } from "./accent-scope.tsx";
import { Banner } from "./banner.tsx";
import { CartProvider } from "./cart-state.tsx";
import { Cart } from "./cart.tsx";
import { DiscountTag } from "./discount-tag.tsx";
import { LiveBadge } from "./live-badge.tsx";
import { ProductGrid } from "./product-grid.tsx";
import { TryIt } from "./try-it.tsx";

/** The whole shop. It selects nothing itself, so that a change reaches only the part that shows it. */
export function ShopPage(): ReactElement {
  return (
    <Suspense fallback={<p className="waiting">The shop opens in a moment.</p>}>
      <OnceKnown>
        <AccentScope>
          <CartProvider>
            <Banner />
            <header className="masthead">
              <p className="brand">
                <KilnMark /> Kiln &amp; Co.
              </p>
              <LiveBadge />
            </header>
            <main>
              <section className="hero">
                <h1>Stoneware for every day</h1>
                <p>Thrown by hand, fired with wood. Each piece is a little different.</p>
                <DiscountTag />
              </section>
              <div className="floor">
                <ProductGrid />
                <Cart />
              </div>
            </main>
            <TryIt />
          </CartProvider>
        </AccentScope>
      </OnceKnown>
    </Suspense>
  );
}

/** Waits for the first values, which are in the page already unless the server had none when it was asked. */
function OnceKnown({ children }: { readonly children: ReactNode }): ReactNode {
  const isKnown = useConfigSuspense((config) => "shop" in config);
  return isKnown && children;
}

function KilnMark(): ReactElement {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path d="M4 28V16a12 12 0 0 1 24 0v12h-7v-8a5 5 0 0 0-10 0v8z" />
    </svg>
  );
}
