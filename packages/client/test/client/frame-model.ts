import { addSums, emptyStateSum, type Json, recordSum, stateHashText } from "@setpoint/core";
import type { ChangeFrame, Cursor, HeartbeatFrame, SnapshotFrame, SnapshotReason } from "@setpoint/protocol/frames";

export type Values = Readonly<Record<string, Json>>;

/** What a daemon would say about one projection, revision by revision. */
export interface FrameModel {
  readonly revision: number;
  /** The values at a revision; the newest by default. */
  values(revision?: number): Values;
  /** Makes the next revision and returns its frame; `undefined` unsets. */
  commit(changes: Readonly<Record<string, Json | undefined>>): ChangeFrame;
  /** A revision that does not touch the projection. */
  pass(): HeartbeatFrame;
  snapshot(revision?: number, reason?: SnapshotReason): SnapshotFrame;
}

export function cursorOf(revision: number, history = 0): Cursor {
  return `${revision}-${(revision * 16 + history).toString(16).padStart(16, "0")}`;
}

export function hashOf(values: Values): string {
  return stateHashText(Object.entries(values).reduce((sum, [key, value]) => addSums(sum, recordSum("value", key, value)), emptyStateSum));
}

const none = { set: {}, unset: [] };

export function createFrameModel(initial: Values = {}): FrameModel {
  const states: Values[] = [initial];
  let previous = 0;
  const newest = (): Values => states.at(-1) as Values;
  return {
    get revision() {
      return states.length - 1;
    },
    values: (revision) => (revision === undefined ? newest() : (states[revision] as Values)),
    commit(changes) {
      const entries = Object.entries(changes);
      const unset = entries.filter(([, value]) => value === undefined).map(([key]) => key);
      const set = Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== undefined));
      states.push(Object.fromEntries(Object.entries({ ...newest(), ...set }).filter(([key]) => !unset.includes(key))));
      const revision = states.length - 1;
      const frame: ChangeFrame = {
        type: "change",
        previous,
        cursor: cursorOf(revision),
        revision,
        hash: hashOf(newest()),
        values: { set, unset },
        flags: none,
        segments: none,
        at: "2026-01-01T00:00:00.000Z",
      };
      previous = revision;
      return frame;
    },
    pass() {
      states.push(newest());
      return { type: "heartbeat", cursor: cursorOf(states.length - 1) };
    },
    snapshot(revision = states.length - 1, reason = "first") {
      const values = states[revision] as Values;
      return { type: "snapshot", reason, cursor: cursorOf(revision), revision, hash: hashOf(values), values, flags: {}, segments: {} };
    },
  };
}
