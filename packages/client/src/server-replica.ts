import type { Audience } from "@setpoint/protocol/frames";
import { createReplica, type Replica, type ReplicaFrame, type ReplicaRecords } from "./replica.ts";

/** A replica of everything that an audience gets, and what it holds. */
export interface ServerReplica {
  readonly replica: Replica;
  readonly records: ReplicaRecords;
}

/**
 * A replica whose changes are those of values; flags and segments are held and verified beside them.
 * @param moved hears of every frame that moved it, after it did
 */
export function createServerReplica(audience: Audience, moved: (frame: ReplicaFrame) => void = () => {}): ServerReplica {
  const records: ReplicaRecords = audience === "client" ? { value: new Map() } : { value: new Map(), flag: new Map(), segment: new Map() };
  const replica = createReplica(records);
  const { apply } = replica;
  const observed: Replica = Object.assign(replica, {
    apply: (frame: Parameters<Replica["apply"]>[0]) => {
      const before = replica.cursor;
      const outcome = apply(frame);
      if (typeof outcome === "string") return outcome;
      if (frame.type === "snapshot" || (frame.type !== "initial" && replica.cursor !== before)) moved(frame);
      return outcome.filter(({ kind }) => kind === "value");
    },
  });
  return { replica: observed, records };
}
