import { defineConfig, defineSchema } from "@setpoint/core";
import { z } from "zod";

const board = z
  .object({
    title: z.string().min(1).max(60).default("Notice board").meta({
      description: "The heading of the page.",
      impact: "Seen by every reader at once.",
    }),
    notices: z
      .array(z.string().min(1).max(200))
      .max(12)
      .default(["The workshop is open from nine.", "Please close the kiln door."])
      .meta({ description: "What the board says, in this order.", impact: "Seen by every reader at once." }),
    showsClock: z.boolean().default(false).meta({
      description: "Whether the page shows the time.",
      impact: "One more line on the page.",
    }),
  })
  .meta({ client: true });

export default defineConfig({ schemas: { board: defineSchema(board) } });
