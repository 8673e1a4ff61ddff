import type { Json } from "@setpoint/core";
import type { ConfigTree } from "@setpoint/core/replica";
import type { Audience, Cursor, DownFrame } from "@setpoint/protocol/frames";

/** One key's change as an application sees it. */
export interface ConfigChange {
  /** Listeners are told of values only: always `value`. */
  readonly kind: "value" | "flag" | "segment";
  /** The whole dotted key, e.g. `shop.maxItems`. */
  readonly key: string;
  /** What is in force now; `undefined` = the key has no value any more. */
  readonly value?: Json | undefined;
  /** What was shown before; `undefined` = the key had no value. */
  readonly previous?: Json | undefined;
  /** That the frame led to which brought the change; it may join several commits. */
  readonly revision: number;
}

/** How good what the client shows is. */
export interface ClientStatus {
  /**
   * - `connecting`: no daemon has answered yet; what is shown is `initial`, or nothing
   * - `live`: connected and in step
   * - `stale`: shows what was last known, and goes on trying; in a page also while the application's own daemon is away
   * - `closed`: `close()` was called; what was last known stays
   */
  readonly state: "connecting" | "live" | "stale" | "closed";
  /** Where the values shown came from: from nowhere yet, the page or program that handed in `initial`, or a daemon. */
  readonly source: "none" | "initial" | "daemon";
  /** The place in history shown; absent before the first snapshot. */
  readonly cursor?: Cursor | undefined;
  /** The revision of `cursor`; 0 before the first snapshot. */
  readonly revision: number;
  /** Epoch milliseconds of the last change of `state`; 0 before the first. */
  readonly since: number;
  /** Why the last connection failed, ended or went stale, in words without secrets; it stays when all is well again. */
  readonly lastError?: string | undefined;
  /**
   * Connections that failed or ended since the last good one; 0 while `live`. The wait before the next grows with them, to at most
   * 30 seconds, or is what the other end asks for, at most 5 minutes more.
   */
  readonly attempts: number;
}

/** State to start from before a daemon has answered: what a server rendered into the page. Without a cursor it is none. */
export interface InitialState {
  /** The place in history that the values are of: the connection goes on from there. */
  readonly cursor?: Cursor | undefined;
  /** Flat, by whole key. They become deeply frozen. */
  readonly values: Readonly<Record<string, Json>>;
}

/** Whom or what a scope is for. Later parts evaluate flags and preferences with it. */
export interface ScopeContext {
  /** The person's id as the application knows it. */
  readonly user?: string;
  /** Whatever else tells one from another, e.g. `country` or `plan`. */
  readonly [attribute: string]: Json | undefined;
}

/** One immutable view, taken at one moment: a request sees it from start to end. */
export interface Scope<Config> {
  /** The frozen tree of that moment, the same object as the client's `config` was. */
  readonly config: Config;
  /** Of that moment; 0 before the first snapshot. */
  readonly revision: number;
  /** Of that moment; `undefined` before the first snapshot. */
  readonly cursor: Cursor | undefined;
  /** A copy of what the scope was made for. */
  readonly context: ScopeContext;
  /** The value of one key at that moment; `undefined` when it had none. */
  get(key: string): Json | undefined;
}

/** A key bound once: `value` is always the newest and costs a property load. */
export interface Handle<Value> {
  /** As it was bound. */
  readonly key: string;
  /** What is in force now; `undefined` while the key has no value. */
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
  /**
   * The frozen tree; the same reference, branch by branch, until something in it changes. Before the first state it is empty, so that
   * branches are missing.
   */
  readonly config: Config;
  /** Replaced, never changed in place; every frame replaces it, also a heartbeat. */
  readonly status: ClientStatus;
  /** Resolves when the first state is there (at once when hydrated with `initial`), or with `close()`; never rejects. */
  readonly ready: Promise<void>;
  /** The value of one key; `undefined` when the key has none, or is a branch. */
  get<Key extends KeyOf<Config>>(key: Key): ValueAt<Config, Key>;
  get(key: string): Json | undefined;
  /** Binds a key for code that reads it very often; the same handle for the same key. Handles are kept as long as the client. */
  handle<Key extends KeyOf<Config>>(key: Key): Handle<ValueAt<Config, Key>>;
  handle(key: string): Handle<Json | undefined>;
  /**
   * Calls the listener for each changed key that matches (`*` one segment, `**` any number, also none), after the whole frame is
   * applied, never for the values that are there already. A listener that throws harms nobody else. Returns what stops it.
   */
  watch(pattern: string, listener: (change: ConfigChange) => void): () => void;
  /** Calls the listener after any change of `config` or `status`, once for a whole frame. Returns what stops it. */
  subscribe(listener: () => void): () => void;
  /** The view of this moment, which later changes leave as it is. Default context: none. Cheap enough for every request. */
  scope(context?: ScopeContext): Scope<Config>;
  /** Ends the connection and all attempts for good; resolves when it is gone, within about a second. What was last known stays. */
  close(): Promise<void>;
}

/** A second subscription over the same settings whose frames are handed on unchanged: what a browser endpoint forwards. */
export interface FrameFeed {
  /** Resolves with the first snapshot, or with `close()`; never rejects. */
  readonly ready: Promise<void>;
  /** Whether the daemon is connected and in step; while it is not, `state` is what was last known. */
  readonly isLive: boolean;
  /** The whole state now, the same object until a frame moves it; `undefined` before the first snapshot. */
  state(): FeedState | undefined;
  /** Calls the listener with every frame after it was applied and verified. Returns what stops it. */
  frames(listener: (frame: DownFrame) => void): () => void;
  /** Calls the listener after each change of `isLive`; on the way to live after the frame that led there. Returns what stops it. */
  liveness(listener: (isLive: boolean) => void): () => void;
  /** Ends the subscription; the state stays readable, and is not live. */
  close(): Promise<void>;
}

/** A projection at one place in history. */
export interface FeedState {
  readonly cursor: Cursor;
  /** The revision of `cursor`. */
  readonly revision: number;
  /** The state hash over everything below: 16 lower-case hex. */
  readonly hash: string;
  /** Flat, by whole key; of audience `client` only the keys marked for browsers. */
  readonly values: Readonly<Record<string, Json>>;
  /** Flag definitions by key; none of audience `client`. */
  readonly flags: Readonly<Record<string, Json>>;
  /** Segments by key; none of audience `client`. */
  readonly segments: Readonly<Record<string, Json>>;
}

/** What a server-side client can do besides. */
export interface ServerClient<Config = ConfigTree> extends Client<Config> {
  /**
   * `watch` as an async iteration that listens from this call on; ends with `close()` or the signal. A reader that falls behind by
   * 10,000 changes gets an error after them. Default pattern: all keys.
   */
  changes(pattern?: string, options?: { readonly signal?: AbortSignal }): AsyncIterableIterator<ConfigChange>;
  /** Opens a second subscription, over a connection of its own, e.g. of audience `client` for browsers. It ends with the client. */
  feed(options: { readonly audience: Audience }): FrameFeed;
}
