import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { createCountedWrites } from "./counted-writes.ts";
import type { QueuedBytes } from "./queued-bytes.ts";
import type { Sink } from "./sink.ts";

/**
 * Writes whole WebSocket frames to the stream beneath a WebSocket: they are built once for everybody, and many small ones are one write.
 * Nothing is compressed, so each frame stands for itself between those that the WebSocket writes (pong, close).
 */
export function socketSink(ws: WebSocket, stream: Duplex, queued: QueuedBytes, close: Sink["close"]): Sink {
  const writes = createCountedWrites(stream, queued);
  stream.on("close", writes.forget);
  return {
    send(frames) {
      if (ws.readyState === ws.OPEN && frames.length > 0) writes.write(frames.flatMap(({ socketFrame }) => socketFrame));
    },
    backlogBytes: () => stream.writableLength,
    whenDrained: writes.whenWritten,
    close,
  };
}
