import type { Cursor, DownFrame } from "@setpoint/protocol/frames";

/** Larger pieces of text are handed on as they are, shared by all frames and streams; smaller ones are not worth a write of their own. */
export const joinedBytesMax = 8 * 1024;

/** One frame, serialised once and shared by everybody it goes to. */
export interface FrameText {
  readonly type: DownFrame["type"];
  /** Absent for frames that do not move a subscriber. */
  readonly cursor?: Cursor;
  /** Bytes of the JSON text. */
  readonly bytes: number;
  /** The JSON text in UTF-8. */
  readonly json: Buffer;
  /** The same as one unmasked, uncompressed WebSocket text frame, in pieces. */
  readonly socketFrame: readonly Uint8Array[];
  /** The same as one server-sent event, in pieces. */
  readonly event: readonly Uint8Array[];
}

/** Serialises a frame with `type` as its first member. */
export function frameText(frame: DownFrame): FrameText {
  const { type, ...members } = frame;
  return assembled(type, "cursor" in frame ? frame.cursor : undefined, [ownBuffer(JSON.stringify({ type, ...members }))]);
}

/** A frame from the UTF-8 pieces of its JSON text; a large frame shares their memory. */
export function assembled(type: DownFrame["type"], cursor: Cursor | undefined, pieces: readonly Uint8Array[]): FrameText {
  return new SharedFrameText(type, cursor, pieces);
}

/** Text in UTF-8, not from the shared pool: what is kept for long must not hold its neighbours' memory. */
export function ownBuffer(text: string): Buffer {
  const buffer = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  buffer.write(text);
  return buffer;
}

/** Bytes of memory that a frame of so much text may come to, once it was sent both ways. */
export function memoryBytes(textBytes: number): number {
  return textBytes > joinedBytesMax ? textBytes : 3 * textBytes + 256;
}

class SharedFrameText implements FrameText {
  readonly type: DownFrame["type"];
  readonly cursor?: Cursor;
  readonly bytes: number;
  readonly #pieces: readonly Uint8Array[];
  #socketFrame: readonly Uint8Array[] | undefined;
  #event: readonly Uint8Array[] | undefined;

  constructor(type: DownFrame["type"], cursor: Cursor | undefined, pieces: readonly Uint8Array[]) {
    this.type = type;
    if (cursor !== undefined) this.cursor = cursor;
    this.#pieces = pieces;
    this.bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  }

  get json(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  get socketFrame(): readonly Uint8Array[] {
    return (this.#socketFrame ??= joined([socketHeader(this.bytes), ...this.#pieces]));
  }

  get event(): readonly Uint8Array[] {
    if (this.#event === undefined) {
      const id = this.cursor === undefined ? "" : `id: ${this.cursor}\n`;
      const start = Buffer.from(`${id}event: ${this.type}\ndata: `);
      this.#event = joined([start, ...this.#pieces, Buffer.from("\n\n")]);
    }
    return this.#event;
  }
}

/** Runs of small pieces as one piece each, so that everybody is handed the same one. */
function joined(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const whole: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  const join = () => {
    if (small.length === 0) return;
    const length = small.reduce((sum, piece) => sum + piece.length, 0);
    const one = Buffer.allocUnsafeSlow(length);
    let position = 0;
    for (const piece of small) {
      one.set(piece, position);
      position += piece.length;
    }
    whole.push(one);
    small = [];
  };
  for (const piece of pieces) {
    if (piece.length <= joinedBytesMax) small.push(piece);
    else {
      join();
      whole.push(piece);
    }
  }
  join();
  return whole;
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
