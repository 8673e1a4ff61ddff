import { closeCodes, type Cursor, type ErrorFrame, type SnapshotReason } from "@setpoint/protocol/frames";
import type { Place } from "./frame-source.ts";
import { type FrameText, frameText } from "./frame-text.ts";
import type { HubLimits } from "./hub-limits.ts";
import type { KnownSchemas } from "./known-schemas.ts";
import type { Sink } from "./sink.ts";
import type { SnapshotText } from "./snapshot-text.ts";
import type { Timers } from "./timers.ts";
import type { Subscriber, Topic } from "./topic.ts";

/** Told instead of a heartbeat while the source's upstream is away. Without `retryAfterMs`: the connection goes on. */
const upstreamAway = frameText({
  type: "error",
  code: "upstream_unavailable",
  detail: "The daemon behind this endpoint cannot be reached: what was sent is what was last known.",
});

/** Where a subscriber says it stands. */
export interface SubscriptionRequest {
  /** Absent or empty = it has nothing. */
  readonly cursor?: Cursor;
  /** Its own state hash there. */
  readonly hash?: string;
  /** Asks for a snapshot whatever it has. */
  readonly snapshot?: true;
  /** Schema texts that it needs not be sent. */
  readonly schemas?: KnownSchemas;
}

export interface SubscriberDeps {
  readonly limits: HubLimits;
  readonly timers: Timers;
  /** Told why a subscriber could not be answered. */
  report(cause: unknown): void;
  /** Whether no more large answers are to be queued in any connection. */
  isOverloaded(): boolean;
}

/**
 * - `answering`: the source is being asked where the subscriber stands
 * - `held`: its cursor is above the head
 * - `live`: it gets what comes
 * - `behind`: its connection has more waiting than it may; it gets nothing until that has left
 */
type State = "answering" | "held" | "live" | "behind" | "stopped";

/**
 * Answers a subscription and keeps its sink in step with the topic: strictly in order, no gap, nothing twice. What is still to be sent is
 * never queued here: the next frame's number in the topic's ring is all that is kept, so a slow connection costs no memory.
 * @returns what ends it
 */
export function subscribe(topic: Topic, request: SubscriptionRequest, sink: Sink, deps: SubscriberDeps): () => void {
  const { limits, timers } = deps;
  let state: State = "answering";
  /** The place that the last frame sent has brought the subscriber to. */
  let place: Place = { revision: 0, cursor: "" };
  /** The number in the ring of the next frame to look at. */
  let next = 0;
  /** While the upstream is away the first beat is due at once: right after the answer, or as the answer where nothing was missed. */
  let beatsSent = topic.isCurrent() ? topic.beats() : -1;
  /** Whether it is still being sent what it missed before it subscribed: that is owed frame by frame. */
  let isResuming = false;
  let snapshotDue: SnapshotReason | undefined;
  let callOff = () => {};

  const stop = () => {
    state = "stopped";
    topic.leave(subscriber);
    callOff();
  };

  const turnAway = (error: Pick<ErrorFrame, "code" | "detail" | "retryAfterMs">, reason: string) => {
    stop();
    sink.send([frameText({ type: "error", ...error })]);
    sink.close(closeCodes.overload, reason);
  };

  const fail = (cause: unknown) => {
    if (state === "stopped") return;
    deps.report(cause);
    const detail = "What was missed cannot be read just now.";
    turnAway({ code: "store_unavailable", detail, retryAfterMs: 1_000 }, "store unavailable");
  };

  const turnAwayForRoom = () => {
    const detail = "Too much is waiting to be sent to others.";
    turnAway({ code: "rate_limited", detail, retryAfterMs: limits.overloadRetryMs }, "too much is queued");
  };

  const isFull = () => sink.backlogBytes() > limits.backlogBytesMax;

  const fallBehind = () => {
    state = "behind";
    callOff = timers.after(limits.stalledMaxMs, () => {
      stop();
      sink.close(closeCodes.overload, "nothing was read for too long");
    });
    sink.whenDrained(() => {
      if (state !== "behind") return;
      callOff();
      recover();
    });
  };

  /** From a place on it gets what the ring holds; a heartbeat says so when that is nothing, and the upstream is not away. */
  const goLive = (at: Place, sentSoFar: readonly FrameText[] = []) => {
    state = "live";
    place = at;
    next = topic.ring.after(at.revision);
    if (sentSoFar.length > 0) sink.send(sentSoFar);
    else if (topic.ring.at(next) === undefined && topic.isCurrent()) sink.send([heartbeatFor(at)]);
    flush();
  };

  const heartbeatFor = (at: Place) => {
    if (topic.place().revision < at.revision) return frameText({ type: "heartbeat", cursor: at.cursor });
    place = topic.place();
    return topic.heartbeat();
  };

  const sendSnapshot = (reason: SnapshotReason) => {
    if (isFull()) {
      snapshotDue = reason;
      fallBehind();
      return;
    }
    if (deps.isOverloaded()) {
      turnAwayForRoom();
      return;
    }
    snapshotDue = undefined;
    isResuming = false;
    let snapshot: SnapshotText;
    try {
      snapshot = topic.snapshot();
    } catch (cause) {
      fail(cause);
      return;
    }
    goLive(snapshot.place, [snapshot.for(reason, request.schemas)]);
  };

  /** Frames are as good a sign of life as a heartbeat, and no sign of it from an upstream that is away. */
  const addBeat = (frames: FrameText[]) => {
    if (!topic.isCurrent()) frames.push(upstreamAway);
    else if (topic.place().revision < place.revision) return;
    else if (frames.length === 0) frames.push(heartbeatFor(place));
    beatsSent = topic.beats();
  };

  const flush = () => {
    if (state !== "live") return;
    if (snapshotDue) {
      sendSnapshot(snapshotDue);
      return;
    }
    const frames: FrameText[] = [];
    const waiting = sink.backlogBytes();
    let batch = 0;
    // In need of room one frame at a time, and only to those that have taken the last.
    const waitingMax = deps.isOverloaded() ? 0 : limits.backlogBytesMax;
    while (next < topic.ring.end && batch < limits.batchBytesMax && waiting + batch <= waitingMax) {
      const entry = topic.ring.at(next);
      if (entry === undefined) break; // the ring has gone on without it
      next += 1;
      if (entry.revision <= place.revision) continue;
      const text = entry.text.for(request.schemas);
      frames.push(text);
      batch += text.bytes;
      place = { revision: entry.revision, cursor: entry.cursor };
    }
    const isCaughtUp = next === topic.ring.end;
    if (isCaughtUp) {
      isResuming = false;
      if (beatsSent !== topic.beats() && waiting <= limits.backlogBytesMax) addBeat(frames);
    }
    if (frames.length > 0) sink.send(frames);
    // Also who is sent nothing new must read what it was sent, or its share of the queue is lost for all others.
    if (!isCaughtUp || waiting > limits.backlogBytesMax) fallBehind();
  };

  /** The backlog has left: what was missed meanwhile, frame by frame where that is owed or little, else in one. */
  const recover = () => {
    if (snapshotDue) {
      sendSnapshot(snapshotDue);
      return;
    }
    next = topic.ring.after(place.revision);
    if (topic.ring.covers(place.revision) && (isResuming || !topic.ring.holdsMoreThan(limits.backlogBytesMax, next))) {
      state = "live";
      flush();
      return;
    }
    state = "answering";
    bridge(place, { otherwise: "behind" }).catch(fail);
  };

  /** Has the source tell the way from a place that the ring does not reach back to. */
  const bridge = async (
    from: Place,
    { hash, otherwise }: { readonly hash?: string | undefined; readonly otherwise: SnapshotReason },
  ): Promise<void> => {
    const asked = topic.generation();
    const way = await topic.catchUp(from.cursor);
    if (state !== "answering") return;
    if (asked !== topic.generation()) return afterReset();
    if (way === undefined) return sendSnapshot(otherwise);
    if (hash !== undefined && way.hashAtCursor !== hash) return sendSnapshot("diverged");
    if (isFull()) {
      place = from;
      return fallBehind();
    }
    if (way.text && deps.isOverloaded()) return turnAwayForRoom();
    const joined = way.text ? [way.text.for(request.schemas)] : [];
    if (topic.ring.covers(way.upTo.revision)) return goLive(way.upTo, joined);
    // The ring has gone on meanwhile: once more, from where this way led.
    if (way.upTo.revision <= from.revision) return sendSnapshot(otherwise);
    sink.send(joined);
    place = way.upTo;
    return bridge(place, { otherwise });
  };

  const afterReset = (): Promise<void> | void => (snapshotDue ? sendSnapshot(snapshotDue) : answer());

  const hold = (revision: number) => {
    state = "held";
    const stopWaiting = topic.whenReached(revision, () => {
      stopTimer();
      state = "answering";
      answer().catch(fail);
    });
    const stopTimer = timers.after(limits.aheadHoldMs, () => {
      stopWaiting();
      sendSnapshot("ahead");
    });
    callOff = () => {
      stopTimer();
      stopWaiting();
    };
  };

  const answer = async (): Promise<void> => {
    const { cursor, hash, snapshot } = request;
    if (snapshot) return sendSnapshot("asked");
    if (cursor === undefined || cursor === "") return sendSnapshot("first");
    const at: Place = { cursor, revision: Number.parseInt(cursor, 10) };
    if (at.revision > topic.place().revision) return hold(at.revision);
    if (!isKnownHere(at)) {
      const asked = topic.generation();
      const located = await topic.locate(cursor, hash);
      if (state !== "answering") return;
      if (asked !== topic.generation()) return answer();
      if (located !== "known") return sendSnapshot(located);
    }
    return resume(at, hash);
  };

  /** Whether the cursor is one that this topic has itself gone through. */
  const isKnownHere = (at: Place) => {
    if (at.cursor === topic.place().cursor) return true;
    return topic.ring.at(topic.ring.after(at.revision) - 1)?.cursor === at.cursor;
  };

  const resume = (at: Place, hash: string | undefined): Promise<void> | void => {
    isResuming = true;
    if (topic.ring.covers(at.revision)) {
      const hashHere = topic.ring.hashAt(at.revision);
      const isInside = topic.isInsideGroup(at.revision);
      if (hash === undefined ? !isInside : hash === hashHere) return goLive(at);
      if (hashHere !== undefined && !isInside) return sendSnapshot("diverged");
    }
    return bridge(at, { hash, otherwise: "too_old" });
  };

  const subscriber: Subscriber = {
    flush,
    reset(reason) {
      // One that is still being answered is judged by its own cursor, against the new history.
      if (place.cursor !== "") snapshotDue = reason;
    },
  };
  topic.join(subscriber);
  answer().catch(fail);
  return stop;
}
