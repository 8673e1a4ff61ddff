import type { EventEmitter } from "node:events";
import type { IncomingHttpHeaders } from "node:http";

export declare function canonical(value: unknown): string;
export declare function h64(text: string): [number, number];
export declare function hex(lanes: readonly number[]): string;
export declare function recordLanes(kind: string, key: string, value: unknown): [number, number];
export declare function revisionOf(cursor: string): number;

/** What JSON gives; a reader looks into it member by member. */
export type Json = ReturnType<typeof JSON.parse>;
export type Frame = Record<string, Json>;
export type Outcome = "applied" | "dropped" | "resynchronise" | "diverged" | "moved" | "ignored";

export declare class Replica {
  cursor: string | undefined;
  schemas: Record<string, { fingerprint: string; schema?: unknown }>;
  values: Map<string, unknown>;
  flags: Map<string, unknown>;
  segments: Map<string, unknown>;
  get hash(): string;
  get revision(): number;
  take(frame: Frame): Outcome;
}

export interface Projection {
  environment: string;
  transport?: "message" | "url" | "sse";
  namespaces?: string[];
  audience?: "server" | "client";
  retryMs?: number;
  instance?: { service: string; id: string; sdk: string };
  schemas?: Record<string, string>;
}

export declare class Follower extends EventEmitter {
  readonly environment: string;
  readonly projection: Omit<Projection, "environment" | "transport" | "retryMs">;
  readonly replica: Replica;
  readonly log: { frame: Frame; outcome: Outcome }[];
  stopped: boolean;
  start(): Promise<this>;
  stop(): void;
  drop(): void;
  reach(revision: number): Promise<Replica>;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  body: Json;
}

export interface Sending {
  body?: unknown;
  headers?: Record<string, string | undefined>;
}

export declare class Client {
  constructor(locate: () => Promise<{ url: string; token: string }>);
  static ofStateFolder(folder: string): Client;
  locate(): Promise<{ url: string; token: string }>;
  request(method: string, path: string, sending?: Sending): Promise<Answer>;
  value(environment: string, key: string): Promise<Answer>;
  config(environment: string, query?: string): Promise<Answer>;
  put(environment: string, key: string, value: unknown, more?: Record<string, unknown>): Promise<Answer>;
  batch(changes: unknown[], more?: Record<string, unknown>): Promise<Answer>;
  preview(changes: unknown[]): Promise<Answer>;
  follow(options: Projection): Promise<Follower>;
}
