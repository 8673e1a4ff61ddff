/** What is waiting in all connections of a hub together. Bytes that many connections wait to write are in memory once, and count once. */
export interface QueuedBytes {
  readonly bytes: number;
  /** Counts a piece until what is returned is called, once. */
  hold(piece: Uint8Array): () => void;
}

export function createQueuedBytes(): QueuedBytes {
  const holders = new Map<Uint8Array, number>();
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    hold(piece) {
      const others = holders.get(piece) ?? 0;
      holders.set(piece, others + 1);
      if (others === 0) bytes += piece.byteLength;
      return () => {
        const left = (holders.get(piece) ?? 0) - 1;
        if (left > 0) {
          holders.set(piece, left);
          return;
        }
        holders.delete(piece);
        bytes -= piece.byteLength;
      };
    },
  };
}
