import type { Cursor, SnapshotReason } from "@setpoint/protocol/frames";
import type { Pushed } from "./fan-out.ts";
import { createFrameRing, type FrameRing, type FrameRingLimits } from "./frame-ring.ts";
import type { CatchUp, FrameSource, Place, Projection, Step } from "./frame-source.ts";
import { type ChangeText, changeText } from "./change-text.ts";
import { type FrameText, frameText } from "./frame-text.ts";
import type { GroupSpans } from "./group-spans.ts";
import type { SharedCache } from "./shared-cache.ts";
import { type SnapshotText, snapshotText } from "./snapshot-text.ts";

/** One subscriber as its topic sees it. */
export interface Subscriber extends Pushed {
  /** The way from the former place is not known. */
  reset(reason: SnapshotReason): void;
}

/** A way from an older place, with the text of its joined frame. */
export interface SharedCatchUp extends Omit<CatchUp, "frame"> {
  readonly text?: ChangeText;
}

/** One projection that is followed: where it stands, its recent frames, and who listens. */
export interface Topic {
  readonly ring: FrameRing;
  readonly subscribers: ReadonlySet<Subscriber>;
  join(subscriber: Subscriber): void;
  /** With the last subscriber goes everything that was kept to be sent to several. */
  leave(subscriber: Subscriber): void;
  /** How far the steps have come; at most the source's head. */
  place(): Place;
  /** Counts resets: what was asked of the source before one says nothing about now. */
  generation(): number;
  /** Counts the heartbeats that are due to everybody. */
  beats(): number;
  beat(): void;
  /** Whether the source's upstream, where it has one, is there. */
  isCurrent(): boolean;
  /** The heartbeat of the topic's place. */
  heartbeat(): FrameText;
  /** The whole projection at the source's head. */
  snapshot(): SnapshotText;
  locate(cursor: Cursor, hash: string | undefined): ReturnType<FrameSource["locate"]>;
  catchUp(cursor: Cursor): Promise<SharedCatchUp | undefined>;
  /** Whether a revision lies inside a commit group. */
  isInsideGroup(revision: number): boolean;
  /** Calls once when the topic's place is at the revision or above; returns what calls it off. */
  whenReached(revision: number, run: () => void): () => void;
  /** Stops following, and lets go of everything. */
  release(): void;
}

export interface TopicSettings {
  readonly ring: FrameRingLimits;
  /** Where the snapshot, and until the next step the ways, are kept: after a restart many come from the same few places. */
  readonly answers: SharedCache;
  readonly spans: GroupSpans;
  /** Has all subscribers flushed soon. */
  readonly push: (subscribers: ReadonlySet<Subscriber>) => void;
}

/** Follows a projection from the source's head on. */
export function createTopic(source: FrameSource, projection: Projection, settings: TopicSettings): Topic {
  const subscribers = new Set<Subscriber>();
  let place: Place = source.head();
  let generation = 0;
  let beats = 0;
  let heartbeat: FrameText | undefined;
  const awaited = new Set<{ readonly revision: number; readonly run: () => void }>();
  /** Under the empty key. */
  const snapshots = settings.answers.shelf<{ readonly text: SnapshotText; readonly end: number }>();
  const ways = settings.answers.shelf<{ readonly way: SharedCatchUp | undefined }>();
  const asked = new Map<Cursor, Promise<SharedCatchUp | undefined>>();
  const ring = createFrameRing(place.revision, settings.ring);

  const moveTo = ({ revision, cursor }: Place) => {
    place = { revision, cursor };
    heartbeat = undefined;
    forgetWays();
  };

  const forgetWays = () => {
    ways.clear();
    asked.clear();
  };

  const take = (step: Step) => {
    if (step.reset === undefined && step.revision <= place.revision) return;
    if (step.reset === undefined) settings.spans.record(place.revision, step.revision);
    moveTo(step);
    if (step.reset !== undefined) {
      generation += 1;
      settings.spans.clear();
      snapshots.clear();
      ring.restart(place.revision);
      for (const subscriber of subscribers) subscriber.reset(step.reset);
    } else if (step.frame) ring.push(step.frame);
    if (step.frame || step.reset) settings.push(subscribers);
    for (const waiter of awaited) {
      if (waiter.revision > place.revision) continue;
      awaited.delete(waiter);
      waiter.run();
    }
  };
  const unfollow = source.follow(projection, take);

  return {
    ring,
    subscribers,
    join: (subscriber) => void subscribers.add(subscriber),
    leave(subscriber) {
      if (!subscribers.delete(subscriber) || subscribers.size > 0) return;
      snapshots.clear();
      forgetWays();
    },
    place: () => place,
    generation: () => generation,
    beats: () => beats,
    beat() {
      beats += 1;
      if (subscribers.size > 0) settings.push(subscribers);
    },
    isCurrent: () => source.upstream?.isLive ?? true,
    heartbeat: () => (heartbeat ??= frameText({ type: "heartbeat", cursor: place.cursor })),
    snapshot() {
      const head = source.head();
      const snapshot = snapshots.get("");
      if (snapshot?.text.place.cursor === head.cursor) return snapshot.text;
      // No frame since, and all steps up to the head are known: the state is the same at the new place.
      const isUntouched = snapshot?.end === ring.end && place.cursor === head.cursor;
      const text = snapshot && isUntouched ? snapshot.text.movedTo(head) : snapshotText(source.snapshot(projection));
      if (subscribers.size > 0) snapshots.put("", { text, end: ring.end }, text.memoryBytes);
      // Ahead of the steps a frame may still come that lies before the snapshot.
      if (text.place.cursor === place.cursor) ring.learnHash(place.revision, text.hash);
      return text;
    },
    locate: (cursor, hash) => source.locate(cursor, hash),
    catchUp(cursor) {
      const kept = ways.get(cursor);
      if (kept) return Promise.resolve(kept.way);
      const underWay = asked.get(cursor);
      if (underWay) return underWay;
      const isAsked = () => asked.get(cursor) === way;
      const way = source.catchUp(projection, cursor).then(withText);
      asked.set(cursor, way);
      way.then(
        (found) => {
          if (!isAsked()) return;
          asked.delete(cursor);
          ways.put(cursor, { way: found }, found?.text?.memoryBytes ?? 0);
        },
        () => {
          if (isAsked()) asked.delete(cursor);
        },
      );
      return way;
    },
    isInsideGroup: (revision) => settings.spans.holds(revision),
    whenReached(revision, run) {
      const waiter = { revision, run };
      awaited.add(waiter);
      return () => awaited.delete(waiter);
    },
    release() {
      unfollow();
      snapshots.clear();
      forgetWays();
      ring.trim(0);
    },
  };
}

function withText(way: CatchUp | undefined): SharedCatchUp | undefined {
  if (way === undefined) return undefined;
  const { frame, ...rest } = way;
  return frame ? { ...rest, text: changeText(frame) } : rest;
}
