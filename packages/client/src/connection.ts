import type { DownFrame } from "@setpoint/protocol/frames";
import type { Clock } from "./clock.ts";
import type { Link, OpenLink } from "./link.ts";
import type { OutOfStep, Replica } from "./replica.ts";
import type { ClientStatus, ConfigChange } from "./types.ts";

/** How long an answer may be followed by the word that the daemon behind the other end is still away. */
const answerGraceMs = 500;

/** What a connection knows of a client's status. */
export type StatusPatch = Partial<ClientStatus> & Pick<ClientStatus, "state">;

/**
 * Keeps a replica in step with a daemon: subscribes, resumes where the replica stands, asks for a snapshot where it cannot
 * follow, and comes back after any failure. A link on which nothing arrives for two and a half heartbeats counts as dead.
 * Where the other end says that its own daemon is away, the link stays, and what is shown is stale until the next frame.
 * @param report hears of every frame that fits and of every failure
 * @returns what ends it
 */
export function connect(
  open: OpenLink,
  { after, backOff }: Clock,
  replica: Replica,
  report: (patch: StatusPatch, changes?: readonly ConfigChange[]) => void,
): () => void | Promise<void> {
  let attempts = 0;
  let link: Link;
  /** Ends the attempt under way; what becomes of any other is not looked at. */
  let current: unknown;
  let timer: unknown;
  /** Only a snapshot helps. */
  let snapshot: true | undefined;
  /** The other end has said that its own daemon is away. */
  let isAway = false;

  const lose = (patch: Partial<ClientStatus>, changes?: readonly ConfigChange[]): void =>
    report({ state: replica.cursor ? "stale" : "connecting", ...patch }, changes);

  const dial = (): void => {
    let isAnswered = false;
    const listen = (): void => {
      timer = after(37_500, () => end("silent"), timer);
    };
    const end = (lastError: string, retryAfterMs?: number): void => {
      if (current !== end) return;
      current = 0;
      void link.close();
      // A daemon may ask for up to five minutes; whatever is no number counts as 0.
      timer = after(backOff(attempts) + Math.min(300_000, (retryAfterMs as number) >>> 0), dial, timer);
      lose({ attempts: ++attempts, lastError });
    };
    const goLive = (changes?: readonly ConfigChange[]): void => {
      isAway = false;
      listen();
      report({ state: "live", source: "daemon", attempts: 0 }, changes);
    };

    current = end;
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
          if (type === "error") {
            const { code, detail, retryAfterMs } = frame;
            // Who is to come back later is told when.
            isAway = code === "upstream_unavailable" && retryAfterMs === undefined;
            if (isAway) lose({ lastError: detail });
            else end(detail, retryAfterMs);
          }
          if (type !== "snapshot" && type !== "change" && type !== "heartbeat") return;
          const outcome = replica.apply(frame);
          snapshot = typeof outcome === "string" || undefined;
          if (snapshot) end(outcome as OutOfStep);
          else {
            // It has lived for a heartbeat: the next failure is a first one.
            if (isAnswered && type === "heartbeat") attempts = 0;
            // Somebody new is told after the answer that nothing has changed about that.
            if (isAway && !isAnswered) {
              timer = after(answerGraceMs, goLive, timer);
              lose({ source: "daemon" }, outcome as readonly ConfigChange[]);
            } else goLive(outcome as readonly ConfigChange[]);
            isAnswered = true;
          }
        } catch {
          end("malformed");
        }
      },
      onclose: ({ reason }) => end(reason || "closed"),
    });
  };

  dial();
  return () => {
    current = 0;
    after(0, () => {}, timer);
    return link.close();
  };
}
