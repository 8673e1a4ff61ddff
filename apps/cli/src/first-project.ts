/** The project that `setpoint init` writes: one number, one switch, one text, three environments. */
export const typescriptProject = `import { defineConfig, defineSchema } from "@setpoint/core";
import { z } from "zod";

// What your software can be told while it runs. A change is checked against this, recorded, and pushed to every running app.
export default defineConfig({
  // Each shows what its parent shows, until it stores a value of its own. Changing production asks for its name.
  environments: [
    { name: "base", description: "What holds everywhere." },
    { name: "dev", parent: "base" },
    { name: "production", parent: "base", isProduction: true },
  ],
  // What a command or an app means that names none.
  defaultEnvironment: "dev",
  schemas: {
    // The keys below are app.maxItems, app.isOpen and app.greeting.
    app: defineSchema(
      z.object({
        // A number with bounds: 0 and 1000 are refused.
        maxItems: z.int().min(1).max(100).default(10).meta({ description: "Most items on one page.", unit: "items" }),
        // A switch.
        isOpen: z.boolean().default(true).meta({ description: "Whether orders are taken." }),
        // A text. Keys marked client may be read by browsers; all others stay on your servers.
        greeting: z.string().max(200).default("Hello").meta({ description: "The first line of the page.", client: true }),
      }),
    ),
  },
});
`;

/** The same project as JSON, which holds no comments: the descriptions say what the keys are for. */
export const jsonProject = `${JSON.stringify(
  {
    environments: [
      { name: "base", description: "What holds everywhere." },
      { name: "dev", parent: "base" },
      { name: "production", parent: "base", isProduction: true },
    ],
    defaultEnvironment: "dev",
    schemas: {
      app: {
        $schema: "https://json-schema.org/draft/2020-12/schema",
        type: "object",
        properties: {
          maxItems: {
            type: "integer",
            minimum: 1,
            maximum: 100,
            default: 10,
            description: "Most items on one page.",
            "x-setpoint-unit": "items",
          },
          isOpen: { type: "boolean", default: true, description: "Whether orders are taken." },
          greeting: {
            type: "string",
            maxLength: 200,
            default: "Hello",
            description: "The first line of the page.",
            "x-setpoint-client": true,
          },
        },
      },
    },
  },
  null,
  2,
)}\n`;
