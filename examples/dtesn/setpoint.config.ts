import { defineConfig, defineSchema } from "@setpoint/core";
import { z } from "zod";

const dtesn = z.object({
  max_membrane_depth: z.int().min(1).max(64).default(4).meta({
    description: "Maximum depth for DTESN membrane hierarchy",
    impact: "Affects computational complexity and memory usage",
    effect: "reinitialize",
  }),
  esn_reservoir_size: z.int().min(64).max(16_384).default(512).meta({
    description: "Size of Echo State Network reservoir",
    impact: "Directly affects model capacity and memory requirements",
    effect: "reinitialize",
  }),
  bseries_max_order: z.int().min(1).max(32).default(8).meta({
    description: "Maximum order for B-Series computations",
    impact: "Controls precision vs. computational cost tradeoff",
    effect: "reinitialize",
  }),
  enable_caching: z.boolean().default(true).meta({
    description: "Enable server-side response caching",
    impact: "Improves response time but increases memory usage",
  }),
  cache_ttl_seconds: z.int().min(1).max(86_400).nullable().default(300).meta({
    description: "Cache TTL in seconds",
    impact: "Controls cache freshness vs. performance",
    unit: "s",
  }),
  enable_performance_monitoring: z.boolean().default(true).meta({
    description: "Enable performance monitoring middleware",
    impact: "Adds observability with minimal overhead",
  }),
});

export default defineConfig({
  environments: [
    { name: "base", description: "What every environment starts from." },
    { name: "dev", parent: "base" },
    { name: "staging", parent: "base" },
    { name: "production", parent: "base", isProduction: true },
    { name: "testing", parent: "base" },
  ],
  defaultEnvironment: "dev",
  schemas: { dtesn: defineSchema(dtesn) },
  parameterApi: { namespace: "dtesn", environment: "dev" },
});
