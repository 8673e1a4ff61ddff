import { addSums, emptyStateSum, type Json, jsonEqual, keyRefusal, recordSum, SetpointError, stateHashText } from "@setpoint/core";
import type { ChangeFrame, Cursor, DownFrame, HeartbeatFrame, SnapshotFrame, SubscribeFrame } from "@setpoint/protocol/frames";
import type { LinkEvents, OpenLink } from "../link.ts";

/** The other end of the line, without a line: it holds values and sends real frames, at once. */
export interface MemoryDaemon {
  /** A way to subscribe to the keys that `sees` lets through; who dials waits for `pickUp`. */
  line(sees: (key: string) => boolean): OpenLink;
  /** Answers everybody who has dialled, at once. */
  pickUp(): void;
  /** One commit; `undefined` unsets a key. */
  commit(values: Readonly<Record<string, Json | undefined>>): void;
  /** Ends every subscription and every dialling. */
  hangUp(reason: string): void;
}

interface Subscriber {
  readonly events: LinkEvents;
  readonly sees: (key: string) => boolean;
  /** The revision of the last frame sent; absent before the first. */
  sent?: number;
}

/** A daemon of one environment whose history is only as long as it has to be. */
export function createMemoryDaemon(): MemoryDaemon {
  const values = new Map<string, Json>();
  const dialling = new Set<Subscriber>();
  const subscribers = new Set<Subscriber>();
  const waiting: (() => void)[] = [];
  let isSending = false;
  let revision = 0;

  /** One after the other, also where a listener commits. */
  const inTurn = (send: () => void): void => {
    waiting.push(send);
    if (isSending) return;
    isSending = true;
    try {
      for (let next = waiting.shift(); next; next = waiting.shift()) next();
    } finally {
      isSending = false;
    }
  };
  const send = ({ events }: Subscriber, frame: DownFrame): void => events.onmessage({ data: JSON.stringify(frame) });
  const cursor = (): Cursor => `${revision}-${revision.toString(16).padStart(16, "0")}`;
  const seenBy = ({ sees }: Subscriber) => [...values].filter(([key]) => sees(key));
  const hashFor = (subscriber: Subscriber): string =>
    stateHashText(seenBy(subscriber).reduce((sum, [key, value]) => addSums(sum, recordSum("value", key, value)), emptyStateSum));

  const answer = (subscriber: Subscriber, frame: SubscribeFrame): void => {
    subscriber.sent = revision;
    const hash = hashFor(subscriber);
    if (frame.cursor === cursor() && frame.hash === hash) {
      send(subscriber, { type: "heartbeat", cursor: cursor() } satisfies HeartbeatFrame);
      return;
    }
    const reason = frame.cursor ? "too_old" : "first";
    const whole = { values: Object.fromEntries(seenBy(subscriber)), flags: {}, segments: {} };
    send(subscriber, { type: "snapshot", reason, cursor: cursor(), revision, hash, ...whole } satisfies SnapshotFrame);
  };

  const announce = (subscriber: Subscriber, changed: readonly string[]): void => {
    const keys = changed.filter(subscriber.sees);
    if (subscriber.sent === undefined || keys.length === 0) return;
    const none = { set: {}, unset: [] };
    const frame: ChangeFrame = {
      type: "change",
      previous: subscriber.sent,
      cursor: cursor(),
      revision,
      hash: hashFor(subscriber),
      values: {
        set: Object.fromEntries(keys.filter((key) => values.has(key)).map((key) => [key, values.get(key) as Json])),
        unset: keys.filter((key) => !values.has(key)),
      },
      flags: none,
      segments: none,
      at: new Date(0).toISOString(),
    };
    subscriber.sent = revision;
    send(subscriber, frame);
  };

  return {
    line: (sees) => (events) => {
      const subscriber: Subscriber = { events, sees };
      dialling.add(subscriber);
      return {
        send(text) {
          const frame = JSON.parse(text) as { type: string };
          if (frame.type === "subscribe") inTurn(() => answer(subscriber, frame as SubscribeFrame));
        },
        close: () => {
          dialling.delete(subscriber);
          subscribers.delete(subscriber);
        },
      };
    },
    pickUp() {
      for (const subscriber of dialling) {
        dialling.delete(subscriber);
        subscribers.add(subscriber);
        subscriber.events.onopen({});
      }
    },
    commit(changed) {
      for (const key of Object.keys(changed)) {
        const refusal = keyRefusal(key);
        if (refusal) throw new SetpointError("invalid_key", `${JSON.stringify(key)} ${refusal}.`);
      }
      // A copy, as of everything that goes over a wire.
      const copies = new Map(Object.entries(changed).map(([key, value]) => [key, value === undefined ? value : copyOf(value)]));
      inTurn(() => {
        revision += 1;
        const keys = [...copies.keys()].filter((key) => !jsonEqual(copies.get(key), values.get(key)));
        for (const key of keys) {
          const value = copies.get(key);
          if (value === undefined) values.delete(key);
          else values.set(key, value);
        }
        for (const subscriber of subscribers) announce(subscriber, keys);
      });
    },
    hangUp(reason) {
      for (const { events } of [...subscribers, ...dialling]) events.onclose({ reason });
    },
  };
}

function copyOf(value: Json): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
