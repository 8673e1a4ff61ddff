import { defineConfig, defineSchema } from "@setpoint/core";
import { z } from "zod";
import {
  analyticsConfig,
  automationLevel,
  downloadConfig,
  fallbackConfig,
  healthMonitoringConfig,
  notificationConfig,
  storageConfig,
  updateConfig,
} from "./sections.ts";

/** Every section is a user's to choose. */
const models = z
  .object({
    automation_level: automationLevel,
    download_config: downloadConfig,
    health_monitoring_config: healthMonitoringConfig,
    fallback_config: fallbackConfig,
    analytics_config: analyticsConfig,
    update_config: updateConfig,
    notification_config: notificationConfig,
    storage_config: storageConfig,
  })
  .meta({ userEditable: true });

export default defineConfig({
  environments: [
    { name: "base", description: "What every environment starts from." },
    { name: "dev", parent: "base" },
    { name: "production", parent: "base", isProduction: true },
  ],
  defaultEnvironment: "dev",
  schemas: { models: defineSchema(models) },
});
