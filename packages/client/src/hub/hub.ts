import { createFanOut } from "./fan-out.ts";
import type { FrameSource, Projection } from "./frame-source.ts";
import { createGroupSpans } from "./group-spans.ts";
import { defaultHubLimits, type HubLimits } from "./hub-limits.ts";
import { createQueuedBytes, type QueuedBytes } from "./queued-bytes.ts";
import { createRingPool } from "./ring-pool.ts";
import { createSharedCache } from "./shared-cache.ts";
import { normalised, projectionKey } from "./projection.ts";
import type { Sink } from "./sink.ts";
import { subscribe, type SubscriptionRequest } from "./subscriber.ts";
import { systemTimers, type Timers } from "./timers.ts";
import { createTopic, type Topic } from "./topic.ts";

/** A connection that can be told to come back later. */
export interface Drainable {
  /** Says when to come back and closes. */
  drain(reason: string, retryAfterMs: number): void;
}

/** What a hub holds. */
export interface HubCounts {
  readonly projections: number;
  readonly subscribers: number;
  readonly connections: number;
  /** Memory of the frames kept for those that resume. */
  readonly ringBytes: number;
  /** Memory of the snapshots and joined frames kept to be sent to several. */
  readonly answerBytes: number;
  /** What waits in all connections; what many wait for counts once. */
  readonly queuedBytes: number;
}

export type Subscribed =
  | { readonly ok: true; readonly stop: () => void }
  | { readonly ok: false; readonly code: "overload"; readonly detail: string };

/** Ring, resume and fan-out over one source of frames. */
export interface Hub {
  readonly limits: HubLimits;
  readonly timers: Timers;
  /** Where connections count what waits in them. */
  readonly queued: QueuedBytes;
  /**
   * Answers at once and goes on until stopped: by a snapshot, by exactly the frames that were missed, by one joined frame, or by a
   * heartbeat where nothing was missed. The sink's first frame may be sent from inside this call.
   */
  subscribe(projection: Projection, request: SubscriptionRequest, sink: Sink): Subscribed;
  /** Follows a projection from now on whether anybody subscribes or not, so that its ring reaches back to this moment. */
  keep(projection: Projection): void;
  /** Makes a connection part of `drain`; one that comes after it is drained at once. Returns what takes it out again. */
  attach(connection: Drainable): () => void;
  /** Before a restart: every connection is told when to come back and closed with 1012. */
  drain(reason: string, retryAfterMs: number): void;
  /** What the hub holds now. */
  counts(): HubCounts;
  /** Stops following and all timers; open subscriptions get nothing more. */
  close(): void;
}

export interface HubDeps {
  readonly timers?: Timers;
  /** Told why a subscriber could not be answered; the connection is told to come back. */
  readonly report?: (cause: unknown) => void;
}

interface Followed {
  readonly topic: Topic;
  isKept: boolean;
  callOffRelease: (() => void) | undefined;
}

export function createHub(
  source: FrameSource,
  limitsGiven: Partial<HubLimits> = {},
  { timers = systemTimers, report = () => {} }: HubDeps = {},
): Hub {
  const limits: HubLimits = { ...defaultHubLimits, ...limitsGiven };
  const followed = new Map<string, Followed>();
  const connections = new Set<Drainable>();
  const spans = createGroupSpans();
  const fanOut = createFanOut(limits.sliceSize, timers.soon);
  let draining: { readonly reason: string; readonly retryAfterMs: number } | undefined;
  let callOffBeat = () => {};

  const queued = createQueuedBytes();
  const answers = createSharedCache(limits.answersBytesMax);
  const isIdle = ({ topic, isKept }: Followed) => topic.subscribers.size === 0 && !isKept;
  const ringPool = createRingPool(limits, {
    count: () => followed.size,
    all: () => followed.values().map(({ topic }) => topic.ring),
    // The map is ordered by how long a projection has been without subscribers.
    idle: () =>
      followed
        .values()
        .filter(isIdle)
        .map(({ topic }) => topic.ring),
  });
  const isOverloaded = () => queued.bytes > limits.queuedBytesMax;

  const beat = () => {
    callOffBeat();
    for (const { topic } of followed.values()) topic.beat();
    callOffBeat = timers.after(limits.heartbeatIntervalMs, beat);
  };
  callOffBeat = timers.after(limits.heartbeatIntervalMs, beat);
  // Everybody hears at once that the upstream is away or back.
  const stopUpstream = source.upstream?.liveness(beat);

  const release = (key: string) => {
    const entry = followed.get(key);
    entry?.callOffRelease?.();
    entry?.topic.release();
    followed.delete(key);
  };

  /** Makes room by the projection that has been without subscribers for longest. */
  const makeRoom = () => {
    if (followed.size < limits.projectionsMax) return true;
    for (const [key, entry] of followed) {
      if (!isIdle(entry)) continue;
      release(key);
      return true;
    }
    return false;
  };

  const follow = (projection: Projection): Followed | undefined => {
    const key = projectionKey(projection);
    const known = followed.get(key);
    if (known) return known;
    if (!makeRoom()) return undefined;
    const topic = createTopic(source, projection, { ring: ringPool.limits, answers, spans, push: fanOut });
    const entry: Followed = { topic, isKept: false, callOffRelease: undefined };
    followed.set(key, entry);
    return entry;
  };

  const scheduleRelease = (key: string, entry: Followed) => {
    if (!isIdle(entry) || followed.get(key) !== entry || entry.callOffRelease) return;
    // To the end: the map is ordered by how long a projection has been without subscribers.
    followed.delete(key);
    followed.set(key, entry);
    entry.callOffRelease = timers.after(limits.releaseAfterMs, () => release(key));
  };

  return {
    limits,
    timers,
    queued,
    subscribe(given, request, sink) {
      const projection = normalised(given);
      const entry = follow(projection);
      if (!entry) return { ok: false, code: "overload", detail: `More than ${limits.projectionsMax} distinct projections are followed.` };
      entry.callOffRelease?.();
      entry.callOffRelease = undefined;
      const stop = subscribe(entry.topic, request, sink, { limits, timers, report, isOverloaded });
      return {
        ok: true,
        stop() {
          stop();
          scheduleRelease(projectionKey(projection), entry);
        },
      };
    },
    keep(projection) {
      const entry = follow(normalised(projection));
      if (!entry) return;
      entry.isKept = true;
      entry.callOffRelease?.();
      entry.topic.snapshot();
    },
    attach(connection) {
      connections.add(connection);
      if (draining) connection.drain(draining.reason, draining.retryAfterMs);
      return () => connections.delete(connection);
    },
    drain(reason, retryAfterMs) {
      draining = { reason, retryAfterMs };
      for (const connection of connections) connection.drain(reason, retryAfterMs);
    },
    counts: () => ({
      projections: followed.size,
      subscribers: followed.values().reduce((sum, { topic }) => sum + topic.subscribers.size, 0),
      connections: connections.size,
      ringBytes: ringPool.bytes,
      answerBytes: answers.bytes,
      queuedBytes: queued.bytes,
    }),
    close() {
      stopUpstream?.();
      callOffBeat();
      for (const key of followed.keys()) release(key);
    },
  };
}
