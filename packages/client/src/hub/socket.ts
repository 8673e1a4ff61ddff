import type { Duplex } from "node:stream";
import { type AckFrame, closeCodes, type Cursor, streamLimits, type SubscribeFrame, type UpFrame } from "@setpoint/protocol/frames";
import type { RawData, WebSocket } from "ws";
import { type AllowanceLimits, createAllowance } from "./allowance.ts";
import type { Projection } from "./frame-source.ts";
import { frameText } from "./frame-text.ts";
import type { Drainable, Hub } from "./hub.ts";
import type { Sink } from "./sink.ts";
import { socketSink } from "./socket-sink.ts";
import type { SubscriptionRequest } from "./subscriber.ts";
import { readUpMessage, type StreamRefusal } from "./up-message.ts";

/** Everything that bounds one WebSocket. */
export interface SocketLimits {
  /** How long a connection may stay without a subscription. */
  readonly subscribeTimeoutMs: number;
  /** A connection that has not answered one ping when the next is due is cut. */
  readonly pingIntervalMs: number;
  /** Messages, pings and pongs; a subscribe counts `subscribeCost`. */
  readonly upward: AllowanceLimits;
  readonly subscribeCost: number;
}

export const defaultSocketLimits: SocketLimits = {
  subscribeTimeoutMs: streamLimits.subscribeTimeoutMs,
  pingIntervalMs: 30_000,
  upward: { perSecond: 1_000, burst: 2_000 },
  subscribeCost: 10,
};

/** Whether a connection may have a projection, and which one it gets for it. */
export type Admission = { readonly ok: true; readonly projection: Projection } | ({ readonly ok: false } & StreamRefusal);

/** A subscription as the list of instances wants to know it. */
export interface SubscribedInstance extends Pick<SubscribeFrame, "instance" | "schemas"> {
  readonly projection: Projection;
}

export interface SocketOptions {
  /** The stream beneath the WebSocket, as the upgrade event gave it. */
  readonly stream: Duplex;
  /** The URL's subscription, admitted already; absent = nothing is sent until `subscribe`. */
  readonly initial?: { readonly projection: Projection; readonly cursor?: Cursor };
  /** Judges the projection of each `subscribe`: whether the environment exists, and whether this connection may have the audience. */
  readonly admit: (projection: Projection) => Admission;
  readonly onSubscribe?: (subscribed: SubscribedInstance) => void;
  readonly onAck?: (ack: AckFrame) => void;
  /** Called once, when the connection is gone. */
  readonly onClose?: () => void;
  readonly limits?: Partial<SocketLimits>;
}

/** One WebSocket that is served. */
export interface ServedSocket extends Drainable {
  close(code: number, reason: string): void;
}

/** Serves the stream on an authorised server-side WebSocket until it closes. */
export function serveSocket(ws: WebSocket, hub: Hub, options: SocketOptions): ServedSocket {
  const limits: SocketLimits = { ...defaultSocketLimits, ...options.limits };
  const { timers } = hub;
  const mayTake = createAllowance(limits.upward, timers.now);
  let stopSubscription: (() => void) | undefined;
  let isClosing = false;
  let isAlive = true;
  let callOffGoodbye = () => {};
  let callOffSubscribe = () => {};
  let callOffPing = () => {};

  const close = (code: number, reason: string) => {
    if (isClosing) return;
    isClosing = true;
    stopSubscription?.();
    ws.close(code, reason);
    callOffGoodbye = timers.after(hub.limits.closeGraceMs, () => ws.terminate());
  };
  const sink: Sink = socketSink(ws, options.stream, hub.queued, close);

  const refuse = ({ code, detail }: StreamRefusal) => {
    // To somebody who does not read, refusals would pile up.
    if (sink.backlogBytes() <= hub.limits.backlogBytesMax) sink.send([frameText({ type: "error", code, detail })]);
  };

  const subscribe = (subscribed: SubscribedInstance, request: SubscriptionRequest) => {
    const outcome = hub.subscribe(subscribed.projection, request, sink);
    if (outcome.ok) {
      // What the former sends it sends in later turns of the loop, so nothing of it can follow the answer.
      stopSubscription?.();
      stopSubscription = outcome.stop;
      callOffSubscribe();
      options.onSubscribe?.(subscribed);
    } else if (stopSubscription) refuse({ code: "rate_limited", detail: outcome.detail });
    else close(closeCodes.overload, "too many projections");
  };

  const takeSubscribe = (frame: SubscribeFrame) => {
    const { environment, namespaces, audience = "server", cursor, hash, snapshot, schemas, instance } = frame;
    if (typeof snapshot === "string") {
      refuse({ code: "revision_not_found", detail: `There is no snapshot called ${snapshot}.` });
      return;
    }
    const admission = options.admit({ environment, audience, ...(namespaces && { namespaces }) });
    if (!admission.ok) {
      refuse(admission);
      return;
    }
    subscribe(
      { projection: admission.projection, ...(instance && { instance }), ...(schemas && { schemas }) },
      {
        ...(cursor !== undefined && { cursor }),
        ...(hash !== undefined && { hash }),
        ...(snapshot && { snapshot }),
        ...(schemas && { schemas }),
      },
    );
  };

  const take = (frame: UpFrame) => {
    switch (frame.type) {
      case "subscribe":
        if (mayTake(limits.subscribeCost - 1)) takeSubscribe(frame);
        else close(closeCodes.denied, "too many subscriptions");
        return;
      case "ack":
        if (stopSubscription) options.onAck?.(frame);
        else refuse({ code: "invalid_request", detail: "There is no subscription to acknowledge." });
        return;
      case "user":
      case "release":
        // Frames of the contract that nothing depends on a person for yet.
        return;
    }
  };

  const receive = (data: RawData, isBinary: boolean) => {
    if (isClosing) return;
    isAlive = true;
    if (isBinary) {
      close(closeCodes.binary, "text frames only");
      return;
    }
    if (!mayTake(1)) {
      close(closeCodes.denied, "too many messages");
      return;
    }
    // The binary type of a WebSocket of the server is one Buffer unless it is set otherwise.
    const message = readUpMessage((data as Buffer).toString());
    if (message.kind === "frame") take(message.frame);
    else if (message.kind === "refused") refuse(message.refusal);
  };

  const receiveControl = () => {
    isAlive = true;
    if (!mayTake(1)) close(closeCodes.denied, "too many pings");
  };

  const ping = () => {
    if (!isAlive) {
      ws.terminate();
      return;
    }
    isAlive = false;
    if (ws.readyState === ws.OPEN) ws.ping();
    callOffPing = timers.after(limits.pingIntervalMs, ping);
  };

  callOffPing = timers.after(limits.pingIntervalMs, ping);
  ws.on("message", receive);
  ws.on("ping", receiveControl);
  ws.on("pong", receiveControl);
  // What breaks the protocol is answered with its close code by the WebSocket itself.
  ws.on("error", () => {});
  ws.on("close", () => {
    isClosing = true;
    callOffGoodbye();
    callOffSubscribe();
    callOffPing();
    stopSubscription?.();
    detach();
    options.onClose?.();
  });

  const served: ServedSocket = {
    close,
    drain(reason, retryAfterMs) {
      if (isClosing) return;
      sink.send([frameText({ type: "error", code: "upstream_unavailable", detail: reason, retryAfterMs })]);
      close(closeCodes.restart, "restart");
    },
  };
  const detach = hub.attach(served);
  if (isClosing) return served;
  if (options.initial) {
    const { projection, cursor } = options.initial;
    subscribe({ projection }, cursor === undefined ? {} : { cursor });
  } else {
    callOffSubscribe = timers.after(limits.subscribeTimeoutMs, () => close(closeCodes.denied, "no subscription in time"));
  }
  return served;
}
