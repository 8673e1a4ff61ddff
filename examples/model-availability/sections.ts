import { z } from "zod";

/** How much the service does by itself. */
export const automationLevel = z.enum(["MANUAL", "SEMI_AUTOMATIC", "FULLY_AUTOMATIC"]).default("SEMI_AUTOMATIC").meta({
  description: "How much is done without asking the user.",
  impact: "Downloads, repairs and updates start by themselves at the higher levels.",
});

export const downloadConfig = z
  .object({
    max_retries: z.int().min(0).max(10).default(3),
    initial_retry_delay_seconds: z.number().min(0.1).max(60).default(1).meta({ unit: "s" }),
    max_retry_delay_seconds: z.number().min(1).max(3_600).default(60).meta({ unit: "s" }),
    backoff_multiplier: z.number().min(1).max(10).default(2).meta({ description: "Each delay is this many times the one before." }),
    bandwidth_limit_mbps: z
      .number()
      .min(0.1)
      .max(10_000)
      .nullable()
      .default(null)
      .meta({ unit: "Mbit/s", description: "null is no limit." }),
    max_concurrent_downloads: z.int().min(1).max(16).default(2),
    enable_resume: z.boolean().default(true),
    enable_pause: z.boolean().default(true),
    verify_integrity: z.boolean().default(true),
    cleanup_failed_downloads: z.boolean().default(true),
    priority: z.enum(["low", "normal", "high"]).default("normal"),
  })
  .meta({ description: "How models are fetched.", impact: "Downloads that start from now on." });

export const healthMonitoringConfig = z
  .object({
    enabled: z.boolean().default(true),
    check_interval_hours: z.int().min(1).max(168).default(24).meta({ unit: "h" }),
    corruption_threshold: z
      .number()
      .min(0)
      .max(1)
      .default(0.1)
      .meta({ description: "Share of damaged files from which a model counts as corrupted." }),
    performance_monitoring: z.boolean().default(true),
    auto_repair: z.boolean().default(true),
    corrupted_models: z.enum(["delete", "quarantine", "keep"]).default("quarantine"),
  })
  .meta({ description: "How models on disk are checked.", impact: "The next check." });

const modelName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/);

export const fallbackConfig = z
  .object({
    suggest_alternatives: z.boolean().default(true),
    compatibility_threshold: z.number().min(0).max(1).default(0.7),
    max_wait_minutes: z.int().min(0).max(1_440).default(30).meta({ unit: "min" }),
    prefer_local_models: z.boolean().default(true),
    preferred_models: z.array(modelName).default([]),
    allow_mock_generation: z.boolean().default(false),
  })
  .meta({ description: "What is offered while a model is missing.", impact: "Requests for models that are not there." });

export const analyticsConfig = z
  .object({
    enabled: z.boolean().default(true),
    retention_days: z.int().min(1).max(3_650).default(90).meta({ unit: "d" }),
    report_interval: z.enum(["daily", "weekly", "monthly"]).default("weekly"),
    anonymize: z.boolean().default(true),
  })
  .meta({ description: "What is counted about the use of models.", impact: "Reports and how long their data are kept." });

export const updateConfig = z
  .object({
    auto_check: z.boolean().default(true),
    check_interval_hours: z.int().min(1).max(720).default(24).meta({ unit: "h" }),
    auto_install: z.boolean().default(false),
    keep_previous_versions: z.int().min(0).max(10).default(1),
  })
  .meta({ description: "How new versions of models arrive.", impact: "Which version is in use, and disk space for older ones." });

export const notificationConfig = z
  .object({
    enabled: z.boolean().default(true),
    real_time: z.boolean().default(true),
    download_progress: z.boolean().default(true),
    health_alerts: z.boolean().default(true),
    update_available: z.boolean().default(true),
    quiet_hours: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/)
      .nullable()
      .default(null)
      .meta({ description: "HH:MM-HH:MM in which nothing is sent; null is none." }),
  })
  .meta({ description: "What users are told, and when.", impact: "Messages from now on." });

export const storageConfig = z
  .object({
    max_storage_gb: z.int().min(1).max(10_000).default(100).meta({ unit: "GB" }),
    cleanup_threshold_percent: z.int().min(50).max(99).default(90).meta({ unit: "%" }),
    auto_cleanup: z.boolean().default(true),
    unused_model_days: z.int().min(1).max(365).default(30).meta({ unit: "d" }),
  })
  .meta({ description: "How much room models take.", impact: "Which models are removed, and when." });
