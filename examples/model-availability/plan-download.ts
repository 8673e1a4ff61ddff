import type { ModelSettings } from "./config.ts";

type DownloadSettings = ModelSettings["download_config"];

/** What a downloader would do for one model, under the settings in force. */
export interface DownloadPlan {
  readonly model: string;
  /** How long it waits before each further attempt, seconds. */
  readonly retry_delays_seconds: readonly number[];
  /** The shortest time that the bandwidth limit allows, seconds; `null` without a limit. */
  readonly transfer_seconds_min: number | null;
  /** Whether an attempt goes on where the one before ended. */
  readonly resumes: boolean;
  readonly steps: readonly ("confirm" | "download" | "verify" | "install")[];
}

const bitsPerMegabyte = 8;

/** The delays before retry 1, 2, …: each is `backoff_multiplier` times the one before, and none exceeds the longest allowed. */
export function retryDelaysSeconds(settings: DownloadSettings): readonly number[] {
  const { max_retries, initial_retry_delay_seconds, max_retry_delay_seconds, backoff_multiplier } = settings;
  return Array.from({ length: max_retries }, (_, retry) =>
    Math.min(max_retry_delay_seconds, initial_retry_delay_seconds * backoff_multiplier ** retry),
  );
}

/** @param sizeMb megabytes of 10^6 bytes */
export function planDownload(settings: ModelSettings, model: string, sizeMb: number): DownloadPlan {
  const { download_config: download, automation_level, update_config } = settings;
  const limitMbps = download.bandwidth_limit_mbps;
  return {
    model,
    retry_delays_seconds: retryDelaysSeconds(download),
    transfer_seconds_min: limitMbps === null ? null : (sizeMb * bitsPerMegabyte) / limitMbps,
    resumes: download.enable_resume,
    steps: [
      ...(automation_level === "FULLY_AUTOMATIC" ? [] : ["confirm" as const]),
      "download",
      ...(download.verify_integrity ? ["verify" as const] : []),
      ...(update_config.auto_install ? ["install" as const] : []),
    ],
  };
}
