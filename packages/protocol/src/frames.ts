import type { Json, JsonObject } from "@setpoint/core";

/** `<revision>-<first 16 hex of that commit's hash>`: a place in one history. */
export type Cursor = string;

export type Audience = "server" | "client";

/** Why a subscriber gets a whole snapshot and not the changes it missed. */
export const snapshotReasons = ["first", "asked", "too_old", "other_history", "ahead", "behind", "diverged"] as const;
export type SnapshotReason = (typeof snapshotReasons)[number];

/** A schema as replicas of audience `server` get it; `null` = removed. */
export type SchemaOnWire = { readonly fingerprint: string; readonly schema?: JsonObject } | null;
export type SchemasOnWire = Readonly<Record<string, SchemaOnWire>>;

/** What was set and unset since `previous`. */
export interface Delta {
  readonly set: Readonly<Record<string, Json>>;
  readonly unset: readonly string[];
}

/** The whole projection at one revision. */
export interface SnapshotFrame {
  readonly type: "snapshot";
  readonly reason: SnapshotReason;
  readonly cursor: Cursor;
  readonly revision: number;
  /** 16 lower-case hex over every value, flag definition and segment of the projection. */
  readonly hash: string;
  readonly schemas?: SchemasOnWire;
  readonly values: Readonly<Record<string, Json>>;
  readonly flags: Readonly<Record<string, Json>>;
  readonly segments: Readonly<Record<string, Json>>;
}

/** What changed after the revision `previous` up to `revision`; apply if previous ≤ own < revision, drop if revision ≤ own, resynchronise if previous > own. */
export interface ChangeFrame {
  readonly type: "change";
  readonly previous: number;
  readonly cursor: Cursor;
  readonly revision: number;
  readonly hash: string;
  readonly values: Delta;
  readonly flags: Delta;
  readonly segments: Delta;
  readonly schemas?: SchemasOnWire;
  /** RFC 3339 UTC with milliseconds: when the newest commit of this frame was made. */
  readonly at: string;
}

/** What depends on one person: effective values that differ, and evaluated flags. */
export interface OverlayFrame {
  readonly type: "overlay";
  readonly user: string;
  readonly cursor: Cursor;
  readonly values: Readonly<Record<string, Json>>;
  readonly flags: Readonly<Record<string, { readonly value: Json; readonly variant?: string; readonly reason: string }>>;
}

/** Moves the cursor: no frame with a revision ≤ its own follows. */
export interface HeartbeatFrame {
  readonly type: "heartbeat";
  readonly cursor: Cursor;
}

/** A refusal or a farewell; after a refused subscribe the former subscription goes on. */
export interface ErrorFrame {
  readonly type: "error";
  readonly code: string;
  readonly detail: string;
  readonly retryAfterMs?: number;
}

export type DownFrame = SnapshotFrame | ChangeFrame | OverlayFrame | HeartbeatFrame | ErrorFrame;

/** Begins or replaces the subscription of a connection. */
export interface SubscribeFrame {
  readonly type: "subscribe";
  readonly environment: string;
  readonly namespaces?: readonly string[];
  readonly audience?: Audience;
  readonly cursor?: Cursor;
  /** The subscriber's own state hash at `cursor`; a difference is answered by a snapshot (`diverged`). */
  readonly hash?: string;
  /** `true` asks for a snapshot; a name pins the subscription to that snapshot. */
  readonly snapshot?: string | true;
  readonly instance?: { readonly service: string; readonly id: string; readonly sdk: string };
  /** Fingerprints the subscriber knows; their texts are left out. */
  readonly schemas?: Readonly<Record<string, string>>;
}

/** Says what a replica's components made of the state at `cursor`. */
export interface AckFrame {
  readonly type: "ack";
  readonly cursor: Cursor;
  readonly hash: string;
  readonly status: "applied" | "refused";
  readonly keys?: readonly string[];
  readonly reason?: string;
}

export interface UserFrame {
  readonly type: "user";
  readonly id: string;
}

export interface ReleaseFrame {
  readonly type: "release";
  readonly id: string;
}

export type UpFrame = SubscribeFrame | AckFrame | UserFrame | ReleaseFrame;

/** WebSocket close codes of the stream. */
export const closeCodes = {
  malformed: 1002,
  binary: 1003,
  notUtf8: 1007,
  denied: 1008,
  tooLarge: 1009,
  restart: 1012,
  overload: 1013,
} as const;

/** The WebSocket subprotocol; offering it is optional. */
export const streamSubprotocol = "setpoint.v1";

export const streamLimits = {
  /** Largest text frame from a client, bytes. */
  upFrameBytesMax: 16 * 1024,
  /** How long a connection may stay without a subscription. */
  subscribeTimeoutMs: 10_000,
  heartbeatIntervalMs: 15_000,
  /** How long a cursor above the head is held before a snapshot answers it. */
  aheadHoldMs: 1_000,
} as const;
