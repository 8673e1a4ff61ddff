import type { FrameText } from "./frame-text.ts";

/** One connection as the hub writes to it. None of its methods throws, also after the connection is gone. */
export interface Sink {
  /** Sends the frames in order. The list is the callee's to read at once, not to keep. */
  send(frames: readonly FrameText[]): void;
  /** Bytes handed over and not yet taken by the operating system. */
  backlogBytes(): number;
  /** Calls once, never from inside this call, when nothing handed over is left here. */
  whenDrained(run: () => void): void;
  /** @param code of a WebSocket's close frame */
  close(code: number, reason: string): void;
}
