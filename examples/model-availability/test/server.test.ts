import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runExample, type RunningExample } from "../../run-example.ts";

let example: RunningExample;

beforeAll(async () => {
  example = await runExample(fileURLToPath(new URL("..", import.meta.url)));
});

afterAll(() => example.stop());

const settingsNow = async (): Promise<unknown> => (await fetch(`${example.url}/api/settings`)).json();
const plan = async (body: unknown): Promise<unknown> => {
  const response = await fetch(`${example.url}/api/downloads/plan`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return response.json();
};
const model = { model: "org/model-7b", size_mb: 4_000 };

test("the seven sections and the automation level have their defaults", async () => {
  expect(await settingsNow()).toEqual({
    automation_level: "SEMI_AUTOMATIC",
    download_config: {
      max_retries: 3,
      initial_retry_delay_seconds: 1,
      max_retry_delay_seconds: 60,
      backoff_multiplier: 2,
      bandwidth_limit_mbps: null,
      max_concurrent_downloads: 2,
      enable_resume: true,
      enable_pause: true,
      verify_integrity: true,
      cleanup_failed_downloads: true,
      priority: "normal",
    },
    health_monitoring_config: {
      enabled: true,
      check_interval_hours: 24,
      corruption_threshold: 0.1,
      performance_monitoring: true,
      auto_repair: true,
      corrupted_models: "quarantine",
    },
    fallback_config: {
      suggest_alternatives: true,
      compatibility_threshold: 0.7,
      max_wait_minutes: 30,
      prefer_local_models: true,
      preferred_models: [],
      allow_mock_generation: false,
    },
    analytics_config: { enabled: true, retention_days: 90, report_interval: "weekly", anonymize: true },
    update_config: { auto_check: true, check_interval_hours: 24, auto_install: false, keep_previous_versions: 1 },
    notification_config: {
      enabled: true,
      real_time: true,
      download_progress: true,
      health_alerts: true,
      update_available: true,
      quiet_hours: null,
    },
    storage_config: { max_storage_gb: 100, cleanup_threshold_percent: 90, auto_cleanup: true, unused_model_days: 30 },
  });
});

test("a commit over several sections is in the next plan, without a restart", async () => {
  expect(await plan(model)).toEqual({
    model: "org/model-7b",
    retry_delays_seconds: [1, 2, 4],
    transfer_seconds_min: null,
    resumes: true,
    steps: ["confirm", "download", "verify"],
  });
  await example.set({
    "models.automation_level": "FULLY_AUTOMATIC",
    "models.download_config.max_retries": 6,
    "models.download_config.initial_retry_delay_seconds": 0.5,
    "models.download_config.max_retry_delay_seconds": 10,
    "models.download_config.backoff_multiplier": 3,
    "models.download_config.bandwidth_limit_mbps": 100,
    "models.update_config.auto_install": true,
  });
  await expect
    .poll(() => plan(model))
    .toEqual({
      model: "org/model-7b",
      retry_delays_seconds: [0.5, 1.5, 4.5, 10, 10, 10],
      transfer_seconds_min: 320,
      resumes: true,
      steps: ["download", "verify", "install"],
    });
});

test.each<[string, unknown]>([
  ["download_config.max_retries", 11],
  ["download_config.bandwidth_limit_mbps", 0],
  ["health_monitoring_config.corruption_threshold", 1.1],
  ["fallback_config.preferred_models", ["/model"]],
  ["notification_config.quiet_hours", "22-7"],
  ["storage_config.cleanup_threshold_percent", 49],
  ["automation_level", "manual"],
])("%s may not be %j", async (path, value) => {
  const before = await settingsNow();
  await expect(example.set({ [`models.${path}`]: value })).rejects.toThrow("422");
  expect(await settingsNow()).toEqual(before);
});

test("a request for a plan that makes no sense is refused", async () => {
  expect(await plan({ model: "/", size_mb: 1 })).toHaveProperty("error");
});
