/** Values of one owner in a cache that it shares with others. */
export interface Shelf<Value> {
  get(key: string): Value | undefined;
  /** Keeps the value until it is the least recently used of all shelves and room is needed; one larger than the bound is not kept. */
  put(key: string, value: Value, bytes: number): void;
  clear(): void;
}

/** Values of many owners, bounded in bytes together. */
export interface SharedCache {
  /** What all shelves hold now. */
  readonly bytes: number;
  shelf<Value>(): Shelf<Value>;
}

interface Kept {
  readonly bytes: number;
  readonly forget: () => void;
}

/** What an entry costs besides its value, about. */
const entryBytes = 512;

export function createSharedCache(bytesMax: number): SharedCache {
  /** The least recently used first. */
  const byUse = new Set<Kept>();
  let bytes = 0;

  const drop = (kept: Kept) => {
    byUse.delete(kept);
    bytes -= kept.bytes;
    kept.forget();
  };

  return {
    get bytes() {
      return bytes;
    },
    shelf<Value>(): Shelf<Value> {
      const entries = new Map<string, Kept & { readonly value: Value }>();
      return {
        get(key) {
          const entry = entries.get(key);
          if (entry === undefined) return undefined;
          byUse.delete(entry);
          byUse.add(entry);
          return entry.value;
        },
        put(key, value, valueBytes) {
          const former = entries.get(key);
          if (former) drop(former);
          const entry = { value, bytes: valueBytes + entryBytes, forget: () => entries.delete(key) };
          if (entry.bytes > bytesMax) return;
          entries.set(key, entry);
          byUse.add(entry);
          bytes += entry.bytes;
          for (const leastUsed of byUse) {
            if (bytes <= bytesMax) return;
            drop(leastUsed);
          }
        },
        clear() {
          for (const entry of entries.values()) drop(entry);
        },
      };
    },
  };
}
