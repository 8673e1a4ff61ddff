import { canonicalJson, emptyStateSum, recordSum, stateHashText, type HashedKind, type Json, type StateSum } from "@setpoint/core/replica";
import type { ChangeFrame, Cursor, Delta, HeartbeatFrame, SnapshotFrame } from "@setpoint/protocol/frames";
import type { ConfigChange } from "./types.ts";

/** A frame that moves a replica. */
export type ReplicaFrame = SnapshotFrame | ChangeFrame | HeartbeatFrame;

/** State from a trusted place, such as the page that the application itself rendered: no hash comes with it. */
export type InitialFrame = Pick<SnapshotFrame, "cursor" | "values"> & { readonly type: "initial" };

/** Why a replica cannot follow: `gap` builds on what it does not hold, `diverged` leads to another state hash than the daemon's. */
export type OutOfStep = "gap" | "diverged";

type Held = Map<string, Json>;

/** The records of a projection by kind. For audience `client` values only: its flags and segments are empty and outside the hash. */
export type ReplicaRecords = { value: Held } & { readonly [Kind in HashedKind]?: Held };

/** The exact, hashed copy of a projection. What is no function here is what a subscription resumes with. */
export interface Replica {
  /** The place held; absent before the first snapshot. */
  readonly cursor?: Cursor;
  /** Of what is held; absent before the first snapshot. */
  readonly hash?: string;
  readonly get: (key: string) => Json | undefined;
  /** The values of now, in a map that later frames leave as it is. */
  readonly keep: () => ReadonlyMap<string, Json>;
  /**
   * Applies a frame whole or not at all, and one that is not newer than what is held not at all.
   * Returns what changed, or why the replica cannot follow: only a snapshot helps then.
   * Throws where a member is not what it should be; the replica is then as it was.
   */
  readonly apply: (frame: ReplicaFrame | InitialFrame) => readonly ConfigChange[] | OutOfStep;
}

/**
 * A replica that is filled by frames. What a frame brings is held only once its hash has been found equal to the daemon's.
 * A snapshot is applied as what it changes, so that an equal value keeps its identity.
 * @param records an empty map for each kind that counts; the replica's from here on
 */
export function createReplica(records: ReplicaRecords): Replica {
  let sum = emptyStateSum;
  let kept: unknown;
  const replica: { -readonly [Member in keyof Replica]: Replica[Member] } = {
    get: (key) => records.value.get(key),
    keep: () => (kept = records.value),
    apply: (frame) => {
      const { type } = frame;
      const isChange = type === "change";
      const [cursor] = /^\d{1,15}-\w{16}$/.exec(frame.cursor) as RegExpExecArray;
      const revision = parseInt(cursor);
      // Of nothing it is not a number: no comparison holds then, so that only a snapshot fits.
      const own = parseInt(replica.cursor as Cursor);
      const changes: ConfigChange[] = [];
      if (isChange || type === "heartbeat") {
        if (revision <= own) return changes;
        // Not `>`: what is no number must not pass.
        if (!(((frame as ChangeFrame).previous ?? 0) <= own)) return "gap";
      }
      if (type !== "heartbeat") {
        let next = sum;
        if (kept === records.value) records.value = new Map(records.value);
        for (const kind of Object.keys(records) as HashedKind[]) {
          const part = frame[`${kind as "value"}s`];
          const set = (isChange ? part.set : part) as Readonly<Record<string, Json>>;
          for (const key of new Set([...(isChange ? (part as Delta).unset : (records[kind] as Held).keys()), ...Object.keys(set)])) {
            const value = Object.hasOwn(set, key) ? set[key] : undefined;
            const previous = (records[kind] as Held).get(key);
            // Of nothing, the text is `undefined`.
            if (canonicalJson(previous as Json) !== canonicalJson(value as Json)) {
              const come = recordSum(kind, key, value);
              const gone = recordSum(kind, key, previous);
              next = gone.map((lane, index) => ((next[index] as number) - lane + (come[index] as number)) >>> 0) as unknown as StateSum;
              changes.push({ kind, key, value, previous, revision });
            }
          }
        }
        const hash = stateHashText(next);
        if (type !== "initial" && hash !== frame.hash) return "diverged";
        for (const { kind, key, value } of changes) {
          if (value === undefined) (records[kind] as Held).delete(key);
          else (records[kind] as Held).set(key, value);
        }
        sum = next;
        replica.hash = hash;
      }
      replica.cursor = cursor;
      return changes;
    },
  };
  return replica;
}
