import { createContext, useContext, useMemo, useReducer, type ReactElement, type ReactNode } from "react";
import type { Product } from "../src/catalogue.ts";
import type { Line } from "../src/pricing.ts";

const quantityMax = 99;

type Action = { readonly kind: "add" | "remove"; readonly product: Product } | { readonly kind: "clear" };

export interface CartActions {
  add(product: Product): void;
  remove(product: Product): void;
  clear(): void;
}

const Lines = createContext<readonly Line[]>([]);
const Actions = createContext<CartActions>({ add: () => {}, remove: () => {}, clear: () => {} });

/** Holds the cart. What only puts things into it does not render again when it changes. */
export function CartProvider({ children }: { readonly children: ReactNode }): ReactElement {
  const [lines, dispatch] = useReducer(reduce, []);
  const actions = useMemo(
    (): CartActions => ({
      add: (product) => dispatch({ kind: "add", product }),
      remove: (product) => dispatch({ kind: "remove", product }),
      clear: () => dispatch({ kind: "clear" }),
    }),
    [],
  );
  return (
    <Actions value={actions}>
      <Lines value={lines}>{children}</Lines>
    </Actions>
  );
}

/** What is in the cart, in the order in which it was put there. */
export function useCartLines(): readonly Line[] {
  return useContext(Lines);
}

export function useCartActions(): CartActions {
  return useContext(Actions);
}

function reduce(lines: readonly Line[], action: Action): readonly Line[] {
  if (action.kind === "clear") return [];
  const { product } = action;
  const step = action.kind === "add" ? 1 : -1;
  if (!lines.some((line) => line.product === product)) return step > 0 ? [...lines, { product, quantity: 1 }] : lines;
  return lines
    .map((line) => (line.product === product ? { product, quantity: Math.min(quantityMax, line.quantity + step) } : line))
    .filter((line) => line.quantity > 0);
}
