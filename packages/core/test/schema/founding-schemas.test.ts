import { expect, test } from "vitest";
import { z } from "zod";
import { defineSchema, type Json } from "../../src/index.ts";
import { modelOf } from "./compiled.ts";

const dtesn = defineSchema(
  z.object({
    max_membrane_depth: z
      .int()
      .min(1)
      .max(64)
      .default(4)
      .meta({ description: "Depth of the membrane hierarchy", impact: "Memory and time per step", effect: "reinitialize" }),
    esn_reservoir_size: z.int().min(1).max(100_000).default(512).meta({ effect: "reinitialize" }),
    bseries_max_order: z.int().min(1).max(16).default(8).meta({ effect: "reinitialize" }),
    enable_caching: z.boolean().default(true),
    cache_ttl_seconds: z.int().min(1).nullable().default(300).meta({ unit: "s" }),
    enable_performance_monitoring: z.boolean().default(true),
  }),
);

test("the parameters of the numeric example compile, with their defaults", () => {
  const model = modelOf(dtesn.document, "dtesn");
  expect([...model.leaves.values()].map((leaf) => [leaf.key, leaf.default])).toEqual([
    ["dtesn.bseries_max_order", 8],
    ["dtesn.cache_ttl_seconds", 300],
    ["dtesn.enable_caching", true],
    ["dtesn.enable_performance_monitoring", true],
    ["dtesn.esn_reservoir_size", 512],
    ["dtesn.max_membrane_depth", 4],
  ]);
  const leaf = model.leaves.get("dtesn.max_membrane_depth");
  expect(leaf?.metadata.effect).toBe("reinitialize");
  expect(leaf?.validate(64)).toEqual([]);
  expect(leaf?.validate(65)[0]?.message).toBe("must be an integer between 1 and 64");
  expect(model.leaves.get("dtesn.cache_ttl_seconds")?.validate(null)).toEqual([]);
});

const weekly = z.enum(["daily", "weekly", "monthly"]);
const preferences = defineSchema(
  z
    .object({
      automation_level: z.enum(["MANUAL", "SEMI_AUTOMATIC", "FULLY_AUTOMATIC"]).default("SEMI_AUTOMATIC"),
      download_config: z.object({
        max_retries: z.int().min(0).max(10).default(3),
        initial_retry_delay_seconds: z.number().min(0.1).max(60).default(1),
        max_retry_delay_seconds: z.number().min(1).max(3600).default(60),
        backoff_multiplier: z.number().min(1).max(10).default(2),
        bandwidth_limit_mbps: z.number().min(0.1).max(10_000).nullable().default(null).meta({ unit: "Mbit/s" }),
        max_concurrent_downloads: z.int().min(1).max(16).default(2),
        enable_resume: z.boolean().default(true),
        enable_pause: z.boolean().default(true),
        verify_integrity: z.boolean().default(true),
        cleanup_failed_downloads: z.boolean().default(true),
        priority: z.enum(["low", "normal", "high"]).default("normal"),
      }),
      health_monitoring_config: z.object({
        enabled: z.boolean().default(true),
        check_interval_hours: z.int().min(1).max(168).default(24),
        corruption_threshold: z.number().min(0).max(1).default(0.1),
        performance_monitoring: z.boolean().default(true),
        auto_repair: z.boolean().default(true),
        corrupted_models: z.enum(["delete", "quarantine", "keep"]).default("quarantine"),
      }),
      fallback_config: z.object({
        suggest_alternatives: z.boolean().default(true),
        compatibility_threshold: z.number().min(0).max(1).default(0.7),
        max_wait_minutes: z.int().min(0).max(1440).default(30),
        prefer_local_models: z.boolean().default(true),
        preferred_models: z.array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/)).default([]),
        allow_mock_generation: z.boolean().default(false),
      }),
      analytics_config: z.object({
        enabled: z.boolean().default(true),
        retention_days: z.int().min(1).max(3650).default(90),
        report_interval: weekly.default("weekly"),
        anonymize: z.boolean().default(true),
      }),
      update_config: z.object({
        auto_check: z.boolean().default(true),
        check_interval_hours: z.int().min(1).max(720).default(24),
        auto_install: z.boolean().default(false),
        keep_previous_versions: z.int().min(0).max(10).default(1),
      }),
      notification_config: z.object({
        enabled: z.boolean().default(true),
        real_time: z.boolean().default(true),
        download_progress: z.boolean().default(true),
        health_alerts: z.boolean().default(true),
        update_available: z.boolean().default(true),
        quiet_hours: z
          .string()
          .regex(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/)
          .nullable()
          .default(null),
      }),
      storage_config: z.object({
        max_storage_gb: z.int().min(1).max(10_000).default(100),
        cleanup_threshold_percent: z.int().min(50).max(99).default(90),
        auto_cleanup: z.boolean().default(true),
        unused_model_days: z.int().min(1).max(365).default(30),
      }),
    })
    .meta({ userEditable: true }),
);

test("the seven sections of the model-availability example compile and hold their ranges", () => {
  const model = modelOf(preferences.document, "preferences");
  expect(model.leaves.size).toBe(1 + 11 + 6 + 6 + 4 + 4 + 6 + 4);
  expect(
    [...model.leaves.values()].every(
      (leaf) => leaf.metadata.userEditable && leaf.default !== undefined && leaf.validate(leaf.default).length === 0,
    ),
  ).toBe(true);
  const cases: readonly [string, readonly Json[], readonly Json[]][] = [
    ["automation_level", ["MANUAL"], ["manual", null]],
    ["download_config.bandwidth_limit_mbps", [null, 0.1, 10_000], [0, 10_001, "1"]],
    ["fallback_config.preferred_models", [[], ["org/model-7b"]], [["/x"], ["a".repeat(129)], [1], "a"]],
    ["notification_config.quiet_hours", [null, "22:00-07:00"], ["22-07", "24:00-07:00"]],
    ["storage_config.cleanup_threshold_percent", [50, 99], [49, 100, 60.5]],
  ];
  for (const [key, valid, invalid] of cases) {
    const leaf = model.leaves.get(`preferences.${key}`);
    for (const value of valid) expect({ key, value, issues: leaf?.validate(value) }).toEqual({ key, value, issues: [] });
    for (const value of invalid) expect({ key, value, count: leaf?.validate(value).length }).toEqual({ key, value, count: 1 });
  }
});
