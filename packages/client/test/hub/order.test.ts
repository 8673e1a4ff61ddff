import type { DownFrame } from "@setpoint/protocol/frames";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createHub, type FrameText, type Hub, type Sink } from "../../src/hub/index.ts";
import { createManualTimers } from "./manual-timers.ts";
import { createModelSource } from "./model-source.ts";
import { createWitness, type Witness } from "./witness.ts";

/** A connection that reads when it is told to. */
interface SlowSink extends Sink {
  /** Takes what is waiting. */
  read(): DownFrame[];
  readonly mostWaiting: number;
}

function createSlowSink(): SlowSink {
  let waiting: FrameText[] = [];
  let drained: (() => void)[] = [];
  let mostWaiting = 0;
  const backlog = () => waiting.reduce((sum, { json }) => sum + json.length, 0);
  return {
    send(frames) {
      waiting.push(...frames);
      mostWaiting = Math.max(mostWaiting, backlog());
    },
    backlogBytes: backlog,
    whenDrained: (run) => void drained.push(run),
    close: (_code, reason) => {
      throw new Error(`cut: ${reason}`);
    },
    read() {
      const frames = waiting.map(({ json }) => JSON.parse(json.toString()) as DownFrame);
      waiting = [];
      const run = drained;
      drained = [];
      for (const one of run) one();
      return frames;
    },
    get mostWaiting() {
      return mostWaiting;
    },
  };
}

interface Reader {
  readonly witness: Witness;
  sink: SlowSink;
  stop: (() => void) | undefined;
}

const keys = ["app.a", "app.b", "app.c", "web.d", "web.e"];
const commit = fc.record({
  environment: fc.constantFrom("base", "base", "other"),
  values: fc.dictionary(fc.constantFrom(...keys), fc.option(fc.nat(3), { nil: undefined }), { minKeys: 1, maxKeys: 3 }),
});
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("commit" as const), group: fc.array(commit, { minLength: 1, maxLength: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("read" as const), reader: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("drop" as const), reader: fc.nat(3) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("connect" as const),
      reader: fc.nat(3),
      says: fc.constantFrom("hash", "cursor", "bare", "nothing"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("turn" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1_000, 15_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("holdBack" as const, "announceLate" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("prune" as const), behind: fc.nat(5) }) },
);

const turn = () => new Promise(setImmediate);

/** Enough turns for every reader's slice. */
async function settle(): Promise<void> {
  for (let count = 0; count < 8; count += 1) await turn();
}

test("whatever is written, dropped, read late or pruned: no gap, no duplicate, no step back, and the same state in the end", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 80 }),
      fc.constantFrom(undefined, ["app"], ["web"]),
      fc.constantFrom("server" as const, "client" as const),
      fc.constantFrom(1, 64),
      // Room for everything, for a frame or two, for nothing at all.
      fc.constantFrom({}, { ringsBytesMax: 3_000, answersBytesMax: 20_000 }, { ringsBytesMax: 0, answersBytesMax: 0 }),
      async (steps, namespaces, audience, sliceSize, room) => {
        const timers = createManualTimers();
        const model = createModelSource();
        const limits = { ...room, backlogBytesMax: 700, ringFramesMax: 6, sliceSize, stalledMaxMs: 10_000_000, releaseAfterMs: 20_000 };
        const hub: Hub = createHub(model.source, limits, { timers });
        const projection = { environment: "base", audience, ...(namespaces && { namespaces }) };
        const readers: Reader[] = Array.from({ length: 4 }, () => ({ witness: createWitness(), sink: createSlowSink(), stop: undefined }));

        const connect = (reader: Reader, says: string) => {
          reader.stop?.();
          reader.sink = createSlowSink();
          const { cursor, hash, revision } = reader.witness;
          const request =
            { hash: { cursor, hash }, cursor: { cursor }, bare: { cursor: cursor && String(revision) }, nothing: {} }[says] ?? {};
          const given = Object.fromEntries(
            Object.entries(request).filter(([name, value]) => value !== undefined && (cursor || name !== "hash")),
          );
          const subscribed = hub.subscribe(projection, given, reader.sink);
          reader.stop = subscribed.ok ? subscribed.stop : undefined;
        };
        const read = (reader: Reader) => {
          if (reader.stop) for (const frame of reader.sink.read()) reader.witness.take(frame);
        };

        for (const one of steps) {
          const reader = "reader" in one ? (readers[one.reader] as Reader) : undefined;
          if (one.kind === "commit") model.commit(...one.group);
          else if (one.kind === "holdBack") model.holdBack();
          else if (one.kind === "announceLate") model.announceLate();
          else if (one.kind === "turn") await turn();
          else if (one.kind === "wait") timers.advance(one.ms);
          else if (one.kind === "prune") model.prune(Math.max(0, model.source.head().revision - one.behind));
          else if (reader && one.kind === "read") read(reader);
          else if (reader && one.kind === "connect") connect(reader, one.says);
          else if (reader) {
            reader.stop?.();
            reader.stop = undefined;
          }
        }

        model.announceLate();
        for (const reader of readers) if (!reader.stop) connect(reader, "hash");
        for (let round = 0; round < 6; round += 1) {
          await settle();
          for (const reader of readers) read(reader);
        }
        for (const { witness, sink } of readers) {
          expect(witness.values).toEqual(model.values(projection));
          expect(sink.mostWaiting).toBeLessThan(700 + 700);
        }
        timers.advance(15_000);
        await settle();
        for (const reader of readers) {
          read(reader);
          expect(reader.witness.cursor).toBe(model.source.head().cursor);
          reader.stop?.();
        }
        timers.advance(20_000);
        expect(hub.counts()).toEqual({ projections: 0, subscribers: 0, connections: 0, ringBytes: 0, answerBytes: 0, queuedBytes: 0 });
        hub.close();
      },
    ),
    { numRuns: 400 },
  );
}, 120_000);
