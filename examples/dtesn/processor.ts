import type { Client } from "@setpoint/client";
import { createAnswerCache } from "./answer-cache.ts";
import type { Config, DtesnConfig } from "./config.ts";
import { createReservoir, type Reservoir, type ReservoirResponse, type ReservoirSettings } from "./reservoir.ts";

export interface ProcessorAnswer extends ReservoirResponse {
  readonly cached: boolean;
  /** Only while performance is monitored. */
  readonly duration_ms?: number;
}

export interface ProcessorState {
  readonly reservoir: ReservoirSettings;
  /** How many reservoirs this process has built. */
  readonly generation: number;
  readonly cached_answers: number;
  /** `null` while performance is not monitored. */
  readonly performance: { readonly processed: number; readonly from_cache: number; readonly mean_duration_ms: number } | null;
}

export interface Processor {
  process(signal: readonly number[]): ProcessorAnswer;
  state(): ProcessorState;
  close(): void;
}

/**
 * Holds the reservoir. A change of a key that it was built from builds another one, once per commit; every other key is read when
 * it is used, so a change of it costs nothing.
 * @param now milliseconds of a clock that never goes back
 */
export function createProcessor(client: Client<Config>, now: () => number): Processor {
  const cache = createAnswerCache<ReservoirResponse>(now);
  let reservoir = createReservoir(settingsOf(client.config.dtesn));
  let generation = 1;
  let counted = { processed: 0, fromCache: 0, durationMs: 0 };

  const follow = (): void => {
    const { dtesn } = client.config;
    if (!dtesn.enable_caching) cache.clear();
    if (!dtesn.enable_performance_monitoring) counted = { processed: 0, fromCache: 0, durationMs: 0 };
    const settings = settingsOf(dtesn);
    if (isBuiltFrom(reservoir, settings)) return;
    reservoir = createReservoir(settings);
    generation += 1;
    cache.clear();
  };
  const close = client.subscribe(follow);

  function respond(signal: readonly number[]): ReservoirResponse & { readonly cached: boolean } {
    const { enable_caching, cache_ttl_seconds } = client.config.dtesn;
    if (!enable_caching || cache_ttl_seconds === null) return { ...reservoir.respond(signal), cached: false };
    const key = signal.join();
    const found = cache.find(key, cache_ttl_seconds);
    if (found) return { ...found, cached: true };
    const answer = reservoir.respond(signal);
    cache.keep(key, answer);
    return { ...answer, cached: false };
  }

  return {
    process(signal) {
      const start = now();
      const answer = respond(signal);
      if (!client.config.dtesn.enable_performance_monitoring) return answer;
      const durationMs = now() - start;
      counted.processed += 1;
      counted.fromCache += answer.cached ? 1 : 0;
      counted.durationMs += durationMs;
      return { ...answer, duration_ms: durationMs };
    },
    state() {
      const { processed, fromCache, durationMs } = counted;
      return {
        reservoir: reservoir.settings,
        generation,
        cached_answers: cache.size,
        performance: client.config.dtesn.enable_performance_monitoring
          ? { processed, from_cache: fromCache, mean_duration_ms: processed === 0 ? 0 : durationMs / processed }
          : null,
      };
    },
    close,
  };
}

function settingsOf({ esn_reservoir_size, max_membrane_depth, bseries_max_order }: DtesnConfig): ReservoirSettings {
  return { size: esn_reservoir_size, depth: max_membrane_depth, order: bseries_max_order };
}

function isBuiltFrom({ settings }: Reservoir, { size, depth, order }: ReservoirSettings): boolean {
  return settings.size === size && settings.depth === depth && settings.order === order;
}
