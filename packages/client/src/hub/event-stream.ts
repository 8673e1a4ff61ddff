import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { cursorText } from "@setpoint/protocol";
import type { Cursor } from "@setpoint/protocol/frames";
import { createCountedWrites } from "./counted-writes.ts";
import type { Projection } from "./frame-source.ts";
import { frameText } from "./frame-text.ts";
import type { Drainable, Hub } from "./hub.ts";
import type { Sink } from "./sink.ts";
import type { StreamRefusal } from "./up-message.ts";

export interface EventStreamOptions {
  /** Admitted already. */
  readonly projection: Projection;
  /** As `resumeCursor` found it. */
  readonly cursor?: Cursor;
  /** Headers besides the stream's own. */
  readonly headers?: OutgoingHttpHeaders;
  /** How long a browser waits before it connects again. */
  readonly retryMs?: number;
}

const retryMsDefault = 1_000;

/**
 * Serves a subscription as server-sent events until the response closes: id = cursor, event = type, data = the frame.
 * The request is authorised; nothing has been written to the response.
 */
export function serveEventStream(response: ServerResponse, hub: Hub, options: EventStreamOptions): Drainable {
  const { projection, cursor, headers, retryMs = retryMsDefault } = options;
  const writes = createCountedWrites(response, hub.queued);
  let isEnded = false;
  let stop = () => {};
  let callOffGoodbye = () => {};

  const end = () => {
    if (isEnded) return;
    isEnded = true;
    stop();
    response.end();
    callOffGoodbye = hub.timers.after(hub.limits.closeGraceMs, () => response.destroy());
  };
  const sink: Sink = {
    send(frames) {
      if (!isEnded && frames.length > 0) writes.write(frames.flatMap(({ event }) => event));
    },
    backlogBytes: () => response.writableLength,
    whenDrained: writes.whenWritten,
    // A stream of events has no close code: who reads nothing is cut, everybody else is told by an error frame.
    close: () => (response.writableLength > hub.limits.backlogBytesMax ? response.destroy() : end()),
  };

  response.writeHead(200, {
    ...headers,
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  writes.write([Buffer.from(`retry: ${retryMs}\n\n`)]);
  const served: Drainable = {
    drain(reason, retryAfterMs) {
      sink.send([frameText({ type: "error", code: "upstream_unavailable", detail: reason, retryAfterMs })]);
      end();
    },
  };
  const detach = hub.attach(served);
  response.on("error", () => {});
  response.on("close", () => {
    isEnded = true;
    writes.forget();
    callOffGoodbye();
    stop();
    detach();
  });
  if (isEnded) return served;
  const outcome = hub.subscribe(projection, cursor === undefined ? {} : { cursor }, sink);
  if (outcome.ok) stop = outcome.stop;
  else {
    sink.send([frameText({ type: "error", code: "rate_limited", detail: outcome.detail, retryAfterMs: hub.limits.overloadRetryMs })]);
    end();
  }
  return served;
}

/**
 * The cursor that a stream's request resumes at: `Last-Event-ID` before the parameter, since a browser that connects again repeats
 * the address it began with. Empty counts as none.
 */
export function resumeCursor(
  headers: IncomingMessage["headers"],
  parameter: string | undefined,
): { readonly ok: true; readonly cursor?: Cursor } | ({ readonly ok: false } & StreamRefusal) {
  const lastEventId = headers["last-event-id"];
  const given = lastEventId === undefined || lastEventId === "" ? parameter : String(lastEventId);
  if (given === undefined || given === "") return { ok: true };
  const parsed = cursorText.safeParse(given);
  if (parsed.success) return { ok: true, cursor: parsed.data };
  return { ok: false, code: "invalid_request", detail: "The cursor must be <revision>-<16 hex> or a revision." };
}
