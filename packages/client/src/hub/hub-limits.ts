import { streamLimits } from "@setpoint/protocol/frames";

/** Everything that bounds a hub. */
export interface HubLimits {
  /** Change frames kept per projection for those that resume. */
  readonly ringFramesMax: number;
  /** Bytes of one projection's ring. */
  readonly ringBytesMax: number;
  /** Bytes of all rings together: many projections share it evenly. */
  readonly ringsBytesMax: number;
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
