import { addSums, emptyStateSum, type Json, recordSum, stateHashText } from "@setpoint/core";
import type { Cursor, DownFrame } from "@setpoint/protocol/frames";

/** A client that takes the contract at its word: it throws at a gap, a duplicate, a step back, or a state whose hash is not the frame's. */
export interface Witness {
  readonly cursor: Cursor | undefined;
  readonly revision: number;
  readonly values: Record<string, Json>;
  readonly hash: string;
  /** The reasons of the snapshots it got. */
  readonly reasons: readonly string[];
  readonly changes: number;
  take(frame: DownFrame): void;
}

export function createWitness(): Witness {
  let cursor: Cursor | undefined;
  let revision = 0;
  let values: Record<string, Json> = {};
  let changes = 0;
  const reasons: string[] = [];
  const hash = () =>
    stateHashText(Object.entries(values).reduce((sum, [key, value]) => addSums(sum, recordSum("value", key, value)), emptyStateSum));
  const check = (isRight: boolean, what: string, frame: DownFrame) => {
    if (!isRight) throw new Error(`${what} at ${String(cursor)}: ${JSON.stringify(frame)}`);
  };
  return {
    get cursor() {
      return cursor;
    },
    get revision() {
      return revision;
    },
    get values() {
      return values;
    },
    get hash() {
      return hash();
    },
    get changes() {
      return changes;
    },
    reasons,
    take(frame) {
      if (frame.type === "snapshot") {
        reasons.push(frame.reason);
        values = { ...frame.values };
        ({ cursor, revision } = frame);
        check(hash() === frame.hash, "a snapshot with another hash", frame);
      } else if (frame.type === "change") {
        check(frame.previous <= revision, "a gap", frame);
        check(frame.revision > revision, "a duplicate or a step back", frame);
        values = { ...values, ...frame.values.set };
        for (const key of frame.values.unset) delete values[key];
        ({ cursor, revision } = frame);
        changes += 1;
        check(hash() === frame.hash, "a change with another hash", frame);
      } else if (frame.type === "heartbeat") {
        const beat = Number.parseInt(frame.cursor, 10);
        check(beat >= revision, "a heartbeat that goes back", frame);
        ({ cursor, revision } = { cursor: frame.cursor, revision: beat });
      } else check(false, "an unexpected frame", frame);
    },
  };
}
