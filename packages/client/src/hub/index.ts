export type { CatchUp, FrameSource, Place, Projection, Step, Upstream } from "./frame-source.ts";
export { createHub, type Drainable, type Hub, type HubCounts, type HubDeps, type Subscribed } from "./hub.ts";
export { defaultHubLimits, type HubLimits } from "./hub-limits.ts";
export type { QueuedBytes } from "./queued-bytes.ts";
export { systemTimers, type Timers } from "./timers.ts";
export type { FrameText } from "./frame-text.ts";
export type { Sink } from "./sink.ts";
export type { KnownSchemas } from "./known-schemas.ts";
export type { SubscriptionRequest } from "./subscriber.ts";
export type { StreamRefusal } from "./up-message.ts";
export {
  type Admission,
  defaultSocketLimits,
  type ServedSocket,
  serveSocket,
  type SocketLimits,
  type SocketOptions,
  type SubscribedInstance,
} from "./socket.ts";
export { socketServerOptions } from "./socket-server-options.ts";
export { type EventStreamOptions, resumeCursor, serveEventStream } from "./event-stream.ts";
