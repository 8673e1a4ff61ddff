import type { DownFrame } from "@setpoint/protocol/frames";
import type { Clock } from "./clock.ts";
import type { Link, OpenLink } from "./link.ts";
import type { OutOfStep, Replica } from "./replica.ts";
import type { ClientStatus, ConfigChange } from "./types.ts";

/** What a connection knows of a client's status. */
export type StatusPatch = Partial<ClientStatus> & Pick<ClientStatus, "state">;

/** Hears of every frame that fits, with what it changed, and of every failure. */
export type Report = (patch: StatusPatch, changes?: readonly ConfigChange[]) => void;

/**
 * Keeps a replica in step with a daemon: subscribes, resumes where the replica stands, asks for a snapshot where it cannot
 * follow, and comes back after any failure. A link on which nothing arrives for two and a half heartbeats counts as dead.
 * Where the other end says that its own daemon is away, the link stays, and what is shown is stale until the next frame.
 * @returns what ends it
 */
export function connect(open: OpenLink, clock: Clock, replica: Replica, report: Report): () => void | Promise<void> {
  let attempts = 0;
  let link: Link;
  /** Belongs to the attempt under way; what becomes of any other is not looked at. */
  let current: unknown;
  let timer: unknown;
  /** Only a snapshot helps. */
  let snapshot: true | undefined;

  const dial = (): void => {
    let isAnswered = false;
    const listen = (): void => {
      timer = clock.after(37_500, () => lose("silent"), timer);
    };
    const lose = (lastError: string, retryAfterMs?: number, code?: string): void => {
      if (current !== lose) return;
      // The other end stays although its own daemon is away. (Who is to come back later is told when.)
      if (code !== "upstream_unavailable" || retryAfterMs !== undefined) {
        current = 0;
        void link.close();
        // A daemon may ask for up to five minutes; whatever is no number counts as 0.
        timer = clock.after(clock.backOff(attempts) + Math.min(300_000, (retryAfterMs as number) >>> 0), dial, timer);
        attempts += 1;
      }
      report({ state: replica.cursor ? "stale" : "connecting", attempts, lastError });
    };

    current = lose;
    listen();
    link = open({
      // A browser endpoint serves its own environment whatever name is given.
      onopen: ({ subscription }) =>
        link.send(JSON.stringify({ type: "subscribe", environment: "own", ...subscription, ...replica, snapshot })),
      onmessage: ({ data }) => {
        try {
          const frame = JSON.parse(data as string) as DownFrame;
          const { type } = frame;
          listen();
          if (type === "error") lose(frame.detail, frame.retryAfterMs, frame.code);
          if (type === "snapshot" || type === "change" || type === "heartbeat") {
            const outcome = replica.apply(frame);
            snapshot = typeof outcome === "string" || undefined;
            if (snapshot) lose(outcome as OutOfStep);
            else {
              // It has lived for a heartbeat: the next failure is a first one.
              if (isAnswered && type === "heartbeat") attempts = 0;
              isAnswered = true;
              report({ state: "live", source: "daemon", attempts: 0 }, outcome as readonly ConfigChange[]);
            }
          }
        } catch {
          lose("malformed");
        }
      },
      onclose: ({ reason }) => lose(reason || "closed"),
    });
  };

  dial();
  return () => {
    current = 0;
    clock.after(0, () => {}, timer);
    return link.close();
  };
}
