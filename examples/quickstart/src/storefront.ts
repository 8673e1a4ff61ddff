import { join } from "node:path";
import type { Setpoint } from "@setpoint/express";
import express, { type ErrorRequestHandler, type Express } from "express";
import { catalogue } from "./catalogue.ts";
import { checkOut } from "./checkout.ts";
import type { RenderPage } from "./page.ts";
import { takeTestPayment } from "./payment.ts";
import { priceOf } from "./pricing.ts";
import { securityHeaders } from "./security-headers.ts";

export interface StorefrontParts {
  /** The middleware that gives every request its configuration. */
  readonly live: Setpoint;
  readonly renderPage: RenderPage;
  /** Folder of the built page. */
  readonly folder: string;
}

/** The shop: its page and its API. */
export function createStorefront({ live, renderPage, folder }: StorefrontParts): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(securityHeaders);
  app.use(live);

  app.get("/", (request, response) => {
    response.set("Cache-Control", "no-store").type("html").send(renderPage(request.setpoint));
  });

  app.get("/api/products", (request, response) => {
    const { shop } = request.config;
    const products = catalogue.slice(0, shop.itemsPerPage).map((product) => ({
      id: product.id,
      name: product.name,
      price: priceOf(product, shop),
      fullPrice: product.prices[shop.currency],
    }));
    response.json({ revision: request.setpoint.revision, currency: shop.currency, discountPercent: shop.discountPercent, products });
  });

  app.post("/api/checkout", express.json({ limit: "16kb" }), async (request, response) => {
    const result = await checkOut(request.body, request.config.shop, takeTestPayment);
    response.status(result.ok ? 200 : result.status).json(result);
  });

  app.use("/assets", express.static(join(folder, "assets"), { index: false, immutable: true, maxAge: "1y" }));
  app.get("/favicon.svg", (_request, response) => response.sendFile(join(folder, "favicon.svg")));
  app.use(refuseBadRequest);
  return app;
}

/** A body that cannot be read is the sender's mistake; nothing of ours is shown. */
const refuseBadRequest: ErrorRequestHandler = (error: { readonly status?: number }, _request, response, next) => {
  const { status = 500 } = error;
  if (status >= 400 && status < 500) response.status(status).json({ error: "The request cannot be read." });
  else next(error);
};
