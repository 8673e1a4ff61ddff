import { defineConfig, defineSchema } from "@setpoint/core";
import { z } from "zod";

const hello = z.object({
  greeting: z.string().min(1).max(80).default("Hello").meta({
    description: "How visitors are greeted.",
    impact: "Every answer from the next request on.",
  }),
  repeat: z.int().min(1).max(5).default(1).meta({
    description: "How often the greeting is said.",
    impact: "Length of every answer.",
    unit: "times",
  }),
});

export default defineConfig({ schemas: { hello: defineSchema(hello) } });
