import type { CallInput, ProblemError } from "@setpoint/client/admin";
import type { RouteId, Routes } from "@setpoint/protocol";

/** Routes that answer once. */
export type CallId = Exclude<RouteId, "openStream">;

/** What a route answers. */
export type Answer<Id extends RouteId> = Routes[Id]["answer"]["_zod"]["output"];

export type Preview = Extract<Answer<"commitBatch">, { readonly effective: unknown }>;
export type Committed = Extract<Answer<"commitBatch">, { readonly revision: number }>;

/** One finding about one key, as the daemon tells it. */
export type Finding = Omit<ProblemError["issues"][number], "suggestions" | "rule">;

/** A daemon that was found; calls are over the route table and reject with a `CliError`. */
export interface Daemon {
  readonly url: string;
  /** The state folder that named it; absent where the URL was given with a token. */
  readonly stateDir: string | undefined;
  /** How a client finds the same daemon. */
  readonly where: DaemonWhere;
  call<Id extends CallId>(
    id: Id,
    ...input: Partial<CallInput<Id>> extends CallInput<Id> ? [input?: CallInput<Id>] : [input: CallInput<Id>]
  ): Promise<Answer<Id>>;
}

/** How a client of this program is told where to look. */
export interface DaemonWhere {
  readonly url?: string | undefined;
  readonly stateDir?: string | undefined;
  readonly folder: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
}
