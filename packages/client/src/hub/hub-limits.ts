import { streamLimits } from "@setpoint/protocol/frames";

/** Everything that bounds a hub. */
export interface HubLimits {
  /** Change frames kept per projection for those that resume. */
  readonly ringFramesMax: number;
  /** Bytes of one projection's ring; the newest frame is kept also where it alone is larger. */
  readonly ringBytesMax: number;
  /** Bytes of all rings together: many projections share it evenly, and those without subscribers yield. A larger frame is not kept. */
  readonly ringsBytesMax: number;
  /** Bytes of the snapshots and joined frames that are kept to be sent to several, all projections together. A larger one is built for each. */
  readonly answersBytesMax: number;
  /** Bytes that may wait in all connections together; beyond, who needs a snapshot or a joined frame is told to come back. */
  readonly queuedBytesMax: number;
  /** How long somebody who is told to come back for lack of room shall wait. */
  readonly overloadRetryMs: number;
  /** Distinct projections with a ring of their own; one more is refused. */
  readonly projectionsMax: number;
  /** How long a projection without subscribers keeps its ring. */
  readonly releaseAfterMs: number;
  /** Bytes that may wait in one connection; the frame being written does not count. */
  readonly backlogBytesMax: number;
  /** Bytes of missed frames written to one connection at once; the rest follows when they have left. */
  readonly batchBytesMax: number;
  /** A connection whose backlog has not left after this long is cut. */
  readonly stalledMaxMs: number;
  /** How long a closing connection may take to say goodbye. */
  readonly closeGraceMs: number;
  /** Connections written to per turn of the loop. */
  readonly sliceSize: number;
  readonly heartbeatIntervalMs: number;
  /** How long a cursor above the head is held before a snapshot answers it. */
  readonly aheadHoldMs: number;
}

export const defaultHubLimits: HubLimits = {
  ringFramesMax: 16_384,
  ringBytesMax: 8 * 1024 * 1024,
  ringsBytesMax: 128 * 1024 * 1024,
  answersBytesMax: 64 * 1024 * 1024,
  queuedBytesMax: 512 * 1024 * 1024,
  overloadRetryMs: 5_000,
  projectionsMax: 1_000,
  releaseAfterMs: 60_000,
  backlogBytesMax: 1024 * 1024,
  batchBytesMax: 256 * 1024,
  stalledMaxMs: 60_000,
  closeGraceMs: 2_000,
  sliceSize: 64,
  heartbeatIntervalMs: streamLimits.heartbeatIntervalMs,
  aheadHoldMs: streamLimits.aheadHoldMs,
};
