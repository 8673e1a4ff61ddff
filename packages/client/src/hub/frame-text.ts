import type { Cursor, DownFrame } from "@setpoint/protocol/frames";

/** One frame, serialised once and shared by everybody it goes to. */
export interface FrameText {
  readonly type: DownFrame["type"];
  /** Absent for frames that do not move a subscriber. */
  readonly cursor?: Cursor;
  /** The JSON text in UTF-8. */
  readonly json: Buffer;
  /** The same as one unmasked, uncompressed WebSocket text frame. */
  readonly socketFrame: Buffer;
  /** The same as one server-sent event. */
  readonly event: Buffer;
}

/** Serialises a frame with `type` as its first member. */
export function frameText(frame: DownFrame): FrameText {
  const { type, ...members } = frame;
  return assembled(type, "cursor" in frame ? frame.cursor : undefined, [Buffer.from(JSON.stringify({ type, ...members }))]);
}

/** A frame from the UTF-8 pieces of its JSON text. */
export function assembled(type: DownFrame["type"], cursor: Cursor | undefined, pieces: readonly Uint8Array[]): FrameText {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const header = socketHeader(length);
  // Not from the shared pool: a frame that a ring keeps must not hold its neighbours' memory.
  const socketFrame = Buffer.allocUnsafeSlow(header.length + length);
  socketFrame.set(header);
  let position = header.length;
  for (const piece of pieces) {
    socketFrame.set(piece, position);
    position += piece.length;
  }
  return new SharedFrameText(type, cursor, socketFrame, header.length);
}

class SharedFrameText implements FrameText {
  readonly type: DownFrame["type"];
  readonly cursor?: Cursor;
  readonly json: Buffer;
  readonly socketFrame: Buffer;
  #event: Buffer | undefined;

  constructor(type: DownFrame["type"], cursor: Cursor | undefined, socketFrame: Buffer, headerBytes: number) {
    this.type = type;
    if (cursor !== undefined) this.cursor = cursor;
    this.socketFrame = socketFrame;
    this.json = socketFrame.subarray(headerBytes);
  }

  get event(): Buffer {
    if (this.#event === undefined) {
      const id = this.cursor === undefined ? "" : `id: ${this.cursor}\n`;
      this.#event = Buffer.concat([Buffer.from(`${id}event: ${this.type}\ndata: `), this.json, Buffer.from("\n\n")]);
    }
    return this.#event;
  }
}

/** RFC 6455, section 5.2: final text frame, no mask, payload length in 7, 16 or 64 bits. */
function socketHeader(length: number): Uint8Array {
  const finalText = 0x81;
  if (length < 126) return Uint8Array.of(finalText, length);
  if (length < 65_536) return Uint8Array.of(finalText, 126, length >>> 8, length & 0xff);
  const header = Buffer.alloc(10);
  header[0] = finalText;
  header[1] = 127;
  header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}
