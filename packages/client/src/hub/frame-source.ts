import type { Audience, ChangeFrame, Cursor, SnapshotFrame, SnapshotReason } from "@setpoint/protocol/frames";

/** What one subscription is about. Absent `namespaces` = all. */
export interface Projection {
  readonly environment: string;
  /** Sorted, without duplicates. */
  readonly namespaces?: readonly string[];
  readonly audience: Audience;
}

export interface Place {
  readonly revision: number;
  readonly cursor: Cursor;
}

/** What a hub is told after each durable commit group: the place, and the frame where the projection was touched. */
export interface Step extends Place {
  readonly frame?: ChangeFrame;
  /** The way from the former place is not known (another history, say): every subscriber gets a snapshot with this reason, and the place may be lower than the former. */
  readonly reset?: SnapshotReason;
}

/** The way from an older place to a newer one, at most the head. */
export interface CatchUp {
  /** The projection's state hash at the cursor asked for. */
  readonly hashAtCursor: string;
  /** One joined frame whose `previous` is the cursor's revision; absent when nothing of the projection changed. */
  readonly frame?: ChangeFrame;
  /** The place that the frame (or its absence) brings to. */
  readonly upTo: Place;
}

/** The daemon behind a source, as far as a hub has to know of it. */
export interface Upstream {
  /** Whether the source hears from it, so that its head is the upstream's. */
  readonly isLive: boolean;
  /** Calls the listener after each change of `isLive`. Returns what stops it. */
  liveness(listener: () => void): () => void;
}

/** Where frames come from: the daemon's engine, or a client of another daemon. */
export interface FrameSource {
  /**
   * Absent where frames begin here. While it is away nobody gets a heartbeat, which would say that they are in step: everybody is told
   * so instead, those who come meanwhile right after the frames that answer them.
   */
  readonly upstream?: Upstream;
  /** The durable head. */
  head(): Place;
  /** The whole projection at the head. Called only for projections that `follow` serves. */
  snapshot(projection: Projection): Omit<SnapshotFrame, "reason">;
  /**
   * Where a cursor at or below the head stands. A bare revision is `known` unless it is too old.
   * @param hash the subscriber's own state hash, for a source that has not seen every place of its history
   */
  locate(cursor: Cursor, hash?: string): Promise<"known" | "other_history" | "too_old">;
  /** `undefined` when the way cannot be told (a snapshot `too_old` answers then). */
  catchUp(projection: Projection, cursor: Cursor): Promise<CatchUp | undefined>;
  /** Calls the listener for every step after now, in order. Returns what stops it. */
  follow(projection: Projection, listener: (step: Step) => void): () => void;
}
