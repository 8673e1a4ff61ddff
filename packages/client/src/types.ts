import type { Json } from "@setpoint/core";
import type { ConfigTree } from "@setpoint/core/replica";
import type { Audience, Cursor, DownFrame } from "@setpoint/protocol/frames";

/** One key's change as an application sees it; absent `value` = the key has no value any more. */
export interface ConfigChange {
  /** What is watched are values. */
  readonly kind: "value" | "flag" | "segment";
  readonly key: string;
  readonly value?: Json | undefined;
  readonly previous?: Json | undefined;
  readonly revision: number;
}

/** How good what the client shows is. */
export interface ClientStatus {
  /** `connecting`: nothing received yet; `live`: connected and in step; `stale`: serving what was last known. */
  readonly state: "connecting" | "live" | "stale" | "closed";
  /** Where the values shown came from. */
  readonly source: "none" | "initial" | "daemon";
  /** The place in history shown; absent before the first snapshot. */
  readonly cursor?: Cursor | undefined;
  readonly revision: number;
  /** Epoch milliseconds of the last change of `state`; 0 before the first. */
  readonly since: number;
  /** Why the last connection failed or ended, in words without secrets. */
  readonly lastError?: string | undefined;
  /** Failed attempts since the last good connection. */
  readonly attempts: number;
}

/** State to start from before a daemon has answered: what a server rendered into the page. Without a cursor it is none. */
export interface InitialState {
  readonly cursor?: Cursor | undefined;
  readonly values: Readonly<Record<string, Json>>;
}

/** Whom or what a scope is for. Later parts evaluate flags and preferences with it. */
export interface ScopeContext {
  readonly user?: string;
  readonly [attribute: string]: Json | undefined;
}

/** One immutable view, taken at one moment: a request sees it from start to end. */
export interface Scope<Config> {
  readonly config: Config;
  readonly revision: number;
  readonly cursor: Cursor | undefined;
  readonly context: ScopeContext;
  get(key: string): Json | undefined;
}

/** A key bound once: `value` is always the newest and costs a property load. */
export interface Handle<Value> {
  readonly key: string;
  readonly value: Value;
}

type IsUnion<Value, Whole = Value> = Value extends unknown ? ([Whole] extends [Value] ? false : true) : never;

/** A declared object: no leaf itself, its properties are. A union, an array or an object without properties is a leaf. */
type IsBranch<Value> =
  true extends IsUnion<Value>
    ? false
    : [Value] extends [readonly unknown[] | string | number | boolean | null | undefined]
      ? false
      : [Value] extends [object]
        ? [keyof Value] extends [never]
          ? false
          : true
        : false;

/** Dotted paths of a typed tree whose values are leaves. Of an open map both the map and its entries: the schema says which it is. */
export type KeyOf<Tree> = string extends keyof Tree
  ? string
  : {
      [Segment in keyof Tree & string]-?: IsBranch<NonNullable<Tree[Segment]>> extends true
        ? string extends keyof NonNullable<Tree[Segment]>
          ? Segment | `${Segment}.${string}`
          : `${Segment}.${KeyOf<NonNullable<Tree[Segment]>>}`
        : Segment;
    }[keyof Tree & string];

/** The value at a dotted path of a typed tree. */
export type ValueAt<Tree, Key extends string> = Key extends keyof Tree
  ? Tree[Key]
  : Key extends `${infer Segment}.${infer Rest}`
    ? Segment extends keyof Tree
      ? ValueAt<NonNullable<Tree[Segment]>, Rest>
      : unknown
    : unknown;

/**
 * A live replica. Reading is synchronous, never throws and never blocks; everything read at one moment is of one revision.
 * `Config` is the tree's type, `ConfigOf<typeof project>` by a type-only import.
 */
export interface Client<Config = ConfigTree> {
  /** The frozen tree; the same reference, branch by branch, until something in it changes. */
  readonly config: Config;
  readonly status: ClientStatus;
  /** Resolves when the first state is there (at once when hydrated with `initial`), or with `close()`; never rejects. */
  readonly ready: Promise<void>;
  /** The value of one key; `undefined` when the key has none. */
  get<Key extends KeyOf<Config>>(key: Key): ValueAt<Config, Key>;
  get(key: string): Json | undefined;
  handle<Key extends KeyOf<Config>>(key: Key): Handle<ValueAt<Config, Key>>;
  handle(key: string): Handle<Json | undefined>;
  /** Calls the listener for each changed key that matches (`*` one segment, `**` any number), after the whole frame is applied. Returns what stops it. */
  watch(pattern: string, listener: (change: ConfigChange) => void): () => void;
  /** Calls the listener after any change of `config` or `status`. Returns what stops it. */
  subscribe(listener: () => void): () => void;
  scope(context?: ScopeContext): Scope<Config>;
  close(): Promise<void>;
}

/** A second subscription over the same settings whose frames are handed on unchanged: what a browser endpoint forwards. */
export interface FrameFeed {
  /** Resolves with the first snapshot, or with `close()`; never rejects. */
  readonly ready: Promise<void>;
  /** Whether the daemon is connected and in step; while it is not, `state` is what was last known. */
  readonly isLive: boolean;
  /** The whole state now; `undefined` before the first snapshot. */
  state(): FeedState | undefined;
  /** Calls the listener with every frame after it was applied and verified. Returns what stops it. */
  frames(listener: (frame: DownFrame) => void): () => void;
  /** Calls the listener after each change of `isLive`; on the way to live after the frame that led there. Returns what stops it. */
  liveness(listener: (isLive: boolean) => void): () => void;
  close(): Promise<void>;
}

export interface FeedState {
  readonly cursor: Cursor;
  readonly revision: number;
  readonly hash: string;
  readonly values: Readonly<Record<string, Json>>;
  readonly flags: Readonly<Record<string, Json>>;
  readonly segments: Readonly<Record<string, Json>>;
}

/** What a server-side client can do besides. */
export interface ServerClient<Config = ConfigTree> extends Client<Config> {
  /** `watch` as an async iteration; ends with `close()` or the signal. A reader that falls behind by 10,000 changes gets an error. */
  changes(pattern?: string, options?: { readonly signal?: AbortSignal }): AsyncIterableIterator<ConfigChange>;
  /** Opens a second subscription, e.g. of audience `client` for browsers. */
  feed(options: { readonly audience: Audience }): FrameFeed;
}
