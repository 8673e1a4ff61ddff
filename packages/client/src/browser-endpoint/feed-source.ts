import { SetpointError } from "@setpoint/core";
import type { ChangeFrame, Cursor, DownFrame, HeartbeatFrame, SnapshotFrame, SnapshotReason } from "@setpoint/protocol/frames";
import type { FrameSource, Place, Step } from "../hub/frame-source.ts";
import type { FrameFeed } from "../types.ts";

/** Places of the feed that are remembered for browsers that resume. */
const placesMax = 20_000;

interface SeenPlace extends Place {
  /** The state hash there. */
  readonly hash: string;
  /** Whether a change frame brought the feed there. */
  readonly isChange: boolean;
}

/**
 * A feed as a source for a hub. There is one projection, the feed's own, whatever is asked for. It knows the places that the feed went
 * through; another place between them is believed where the subscriber's state hash is the one in force there, so that a browser
 * can go on at an instance whose heartbeats came at other moments.
 */
export function createFeedSource(feed: FrameFeed): { readonly source: FrameSource; readonly close: () => void } {
  const listeners = new Set<(step: Step) => void>();
  let places: SeenPlace[] = [];
  /** Cursors of a history that the upstream has left. */
  let former = new Set<Cursor>();

  const state = feed.state();
  if (state) places.push({ revision: state.revision, cursor: state.cursor, hash: state.hash, isChange: true });

  const head = (): SeenPlace => {
    const newest = places.at(-1);
    if (!newest) throw new SetpointError("upstream_unavailable", "Nothing has been received yet.");
    return newest;
  };

  const announce = (step: Step) => {
    for (const listener of listeners) listener(step);
  };

  const remember = (place: SeenPlace) => {
    places.push(place);
    if (places.length > placesMax) places.shift();
  };

  const takeChange = (frame: ChangeFrame) => {
    const { revision, cursor, hash } = frame;
    if (revision <= head().revision) return;
    remember({ revision, cursor, hash, isChange: true });
    announce({ revision, cursor, frame });
  };

  const takeHeartbeat = ({ cursor }: HeartbeatFrame) => {
    const revision = Number.parseInt(cursor, 10);
    const { revision: newest, hash } = head();
    if (revision <= newest) return;
    remember({ revision, cursor, hash, isChange: false });
    announce({ revision, cursor });
  };

  /** The feed was given its whole state again; what led there is not known. */
  const takeSnapshot = ({ revision, cursor, hash, reason }: SnapshotFrame) => {
    const before = places.at(-1);
    const isWhereItWas = before !== undefined && before.cursor === cursor && before.hash === hash;
    if (isWhereItWas) return;
    if (before && isOtherHistory(reason, before, { revision, cursor })) former = new Set(places.map((place) => place.cursor));
    places = [{ revision, cursor, hash, isChange: true }];
    if (before) announce({ revision, cursor, reset: reasonFor(reason, before, { revision, cursor }) });
  };

  const stop = feed.frames((frame: DownFrame) => {
    if (frame.type === "snapshot") takeSnapshot(frame);
    else if (places.length === 0) return;
    else if (frame.type === "change") takeChange(frame);
    else if (frame.type === "heartbeat") takeHeartbeat(frame);
  });

  /** The last place at or below a revision. */
  const placeAt = (revision: number) => places.findLast((place) => place.revision <= revision);

  const source: FrameSource = {
    upstream: feed,
    head: () => {
      const { revision, cursor } = head();
      return { revision, cursor };
    },
    snapshot() {
      const whole = feed.state();
      if (!whole) throw new SetpointError("upstream_unavailable", "The feed has no state.");
      const { revision, cursor } = head();
      const { hash, values, flags, segments } = whole;
      return { type: "snapshot", cursor, revision, hash, values, flags, segments };
    },
    async locate(cursor, hash) {
      const revision = Number.parseInt(cursor, 10);
      if (former.has(cursor)) return "other_history";
      const place = placeAt(revision);
      if (!place) return "too_old";
      if (!cursor.includes("-") || place.cursor === cursor) return "known";
      if (place.revision === revision) return "other_history";
      return hash === place.hash ? "known" : "too_old";
    },
    async catchUp(_projection, cursor) {
      const revision = Number.parseInt(cursor, 10);
      const place = placeAt(revision);
      if (!place || places.some((later) => later.isChange && later.revision > revision)) return undefined;
      return { hashAtCursor: place.hash, upTo: source.head() };
    },
    follow(_projection, listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return { source, close: stop };
}

function isOtherHistory(reason: SnapshotReason, before: Place, now: Place): boolean {
  return (
    reason === "other_history" ||
    reason === "ahead" ||
    now.revision < before.revision ||
    (now.revision === before.revision && now.cursor !== before.cursor)
  );
}

/** Why the browsers get a snapshot: the upstream's reason, unless it speaks of how the feed subscribed. */
function reasonFor(reason: SnapshotReason, before: Place, now: Place): SnapshotReason {
  if (reason !== "first" && reason !== "asked") return reason;
  return isOtherHistory(reason, before, now) ? "other_history" : "too_old";
}
