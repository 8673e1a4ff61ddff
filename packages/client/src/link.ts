import type { SubscribeFrame } from "@setpoint/protocol/frames";

/** What a subscription is about; the connection adds where it stands. */
export type Subscription = Omit<SubscribeFrame, "type" | "cursor" | "hash" | "snapshot">;

/** One attempt to reach a daemon, and the wire once it is reached. */
export interface Link {
  send(text: string): void;
  /** Gives up; no message follows, and a close that does is not looked at. */
  close(): void | Promise<void>;
}

/** What a link reports, in the shape of a WebSocket's events; never from inside the call that opened it. */
export interface LinkEvents {
  /** A browser names no subscription: its endpoint has one only. */
  readonly onopen: (event: { readonly subscription?: Subscription }) => void;
  /** Anything but a JSON text counts as malformed. */
  readonly onmessage: (event: { readonly data: unknown }) => void;
  /** In words without secrets. */
  readonly onclose: (event: { readonly reason: string }) => void;
}

/** Opens a link; what fails is reported by `onclose`. */
export type OpenLink = (events: LinkEvents) => Link;
