import { describe, expect, test } from "vitest";
import { connect, type StatusPatch } from "../../src/connection.ts";
import { systemClock } from "../../src/clock.ts";
import { createReplica } from "../../src/replica.ts";
import { createFrameModel, type Values } from "./frame-model.ts";
import { createManualClock } from "./manual-clock.ts";
import { createManualWire } from "./manual-wire.ts";

function begin(values: Values = { "a.x": 1 }) {
  const wire = createManualWire();
  const clock = createManualClock((failures) => 200 * 2 ** Math.min(failures, 8));
  const model = createFrameModel(values);
  const replica = createReplica({ value: new Map() });
  const reports: StatusPatch[] = [];
  const stop = connect(wire.open, clock, replica, (patch) => reports.push(patch));
  const goLive = () => {
    wire.last().open();
    wire.last().send(model.snapshot());
  };
  return { wire, clock, model, replica, reports, stop, goLive };
}

const heartbeat = (cursor: string | undefined) => ({ type: "heartbeat", cursor: cursor ?? "" });

describe("a connection", () => {
  test("backs off by doubling while nothing answers, and starts over after one that lived for a heartbeat", () => {
    const { wire, clock, goLive, replica } = begin();
    for (let failures = 0; failures < 6; failures += 1) {
      wire.last().events.onclose({ reason: "refused" });
      clock.advance(200 * 2 ** failures - 1);
      expect(wire.links).toHaveLength(failures + 1);
      clock.advance(1);
      expect(wire.links).toHaveLength(failures + 2);
    }
    goLive();
    clock.advance(15_000);
    wire.last().send(heartbeat(replica.cursor));
    wire.last().events.onclose({ reason: "restart" });
    expect(clock.failures).toEqual([0, 1, 2, 3, 4, 5, 0]);
  });

  test("a server that answers and closes at once, again and again, is left in peace ever longer", () => {
    const { wire, clock, model, goLive, replica } = begin();
    goLive();
    for (let round = 0; round < 8; round += 1) {
      wire.last().events.onclose({ reason: "" });
      clock.runNext();
      wire.last().open();
      wire.last().send(round % 2 ? model.snapshot() : heartbeat(replica.cursor));
    }
    expect(clock.failures).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test("full jitter stays between nothing and a bound that doubles from 0.2 to 30 seconds", () => {
    for (const failures of [0, 1, 5, 7, 8, 20, 2_000]) {
      const bound = Math.min(30_000, 200 * 2 ** failures);
      const waits = Array.from({ length: 200 }, () => systemClock.backOff(failures));
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...waits)).toBeLessThan(bound);
      expect(Math.max(...waits)).toBeGreaterThan(bound / 2);
      expect(Math.min(...waits)).toBeLessThan(bound / 2);
    }
  });

  test("resumes with the cursor and hash it has", () => {
    const { wire, clock, model, goLive, replica } = begin();
    goLive();
    wire.last().send(model.commit({ "a.x": 2 }));
    wire.last().events.onclose({ reason: "" });
    clock.advance(200);
    wire.last().open();
    expect(wire.last().sent[0]).toEqual({ type: "subscribe", environment: "own", cursor: replica.cursor, hash: replica.hash });
    expect(replica.cursor).toMatch(/^1-/);
  });

  test.each([
    ["text that is no JSON", "{"],
    ["binary", undefined],
    ["null", "null"],
    ["a frame without members", '{"type":"change"}'],
    ["a cursor that is none", '{"type":"heartbeat","cursor":"12"}'],
    [
      "JSON deeper than any stack",
      `{"type":"snapshot","cursor":"9-0000000000000000","values":{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}}`,
    ],
  ])("drops the link on %s and resumes", (_, data) => {
    const { wire, clock, goLive, replica, reports } = begin();
    goLive();
    const link = wire.last();
    link.events.onmessage({ data });
    expect(link.isClosed()).toBe(true);
    expect(reports.at(-1)).toMatchObject({ state: "stale", lastError: "malformed" });
    clock.advance(200);
    wire.last().open();
    expect(wire.last().sent[0]).toMatchObject({ cursor: replica.cursor, hash: replica.hash });
    expect(wire.last().sent[0]).not.toHaveProperty("snapshot");
  });

  test("ignores frames of types that it does not know", () => {
    const { wire, model, goLive, replica, reports } = begin();
    goLive();
    const count = reports.length;
    wire
      .last()
      .send(
        { type: "weather", cursor: "x" },
        { type: "overlay", user: "42", cursor: replica.cursor, values: {}, flags: {} },
        {},
        { type: 7 },
      );
    expect(reports).toHaveLength(count);
    wire.last().send(model.commit({ "a.x": 2 }));
    expect(replica.get("a.x")).toBe(2);
  });

  test("asks for a snapshot where its own hash differs, and shows nothing unverified meanwhile", () => {
    const { wire, clock, model, goLive, replica, reports } = begin();
    goLive();
    const frame = model.commit({ "a.x": 2 });
    wire.last().send({ ...frame, values: { set: { "a.x": 666 }, unset: [] } });
    expect(replica.get("a.x")).toBe(1);
    expect(reports.at(-1)).toMatchObject({ state: "stale", lastError: "diverged" });
    clock.advance(200);
    wire.last().open();
    expect(wire.last().sent[0]).toMatchObject({ type: "subscribe", snapshot: true });
    wire.last().events.onclose({ reason: "" });
    clock.advance(400);
    wire.last().open();
    expect(wire.last().sent[0]).toMatchObject({ snapshot: true });
    wire.last().send(model.snapshot());
    expect(replica.get("a.x")).toBe(2);
    expect(reports.at(-1)).toMatchObject({ state: "live" });
    wire.last().events.onclose({ reason: "" });
    clock.advance(800);
    wire.last().open();
    expect(wire.last().sent[0]).not.toHaveProperty("snapshot");
  });

  test("asks for a snapshot where a frame is missing", () => {
    const { wire, clock, model, goLive, reports } = begin();
    goLive();
    model.commit({ "a.x": 2 });
    wire.last().send(model.commit({ "a.x": 3 }));
    expect(reports.at(-1)).toMatchObject({ state: "stale", lastError: "gap" });
    clock.advance(200);
    wire.last().open();
    expect(wire.last().sent[0]).toMatchObject({ snapshot: true });
  });

  test("follows a history that was replaced by an older one", () => {
    const { wire, model, goLive, replica } = begin();
    model.commit({ "a.x": 2 });
    model.commit({ "a.x": 3 });
    goLive();
    wire.last().send(model.snapshot(1, "ahead"));
    expect(replica.get("a.x")).toBe(2);
    expect(replica.cursor).toMatch(/^1-/);
  });

  test("a link on which nothing arrives for two and a half heartbeats is dead, opened or not", () => {
    const { wire, clock, goLive, replica, reports } = begin();
    clock.advance(37_500);
    expect(reports.at(-1)).toMatchObject({ state: "connecting", attempts: 1, lastError: "silent" });
    clock.advance(200);
    goLive();
    for (let count = 0; count < 5; count += 1) {
      clock.advance(37_499);
      wire.last().send(heartbeat(replica.cursor));
    }
    expect(reports.at(-1)).toMatchObject({ state: "live" });
    const link = wire.last();
    clock.advance(37_500);
    expect(link.isClosed()).toBe(true);
    expect(reports.at(-1)).toMatchObject({ state: "stale", lastError: "silent" });
  });

  test.each([
    [2_000, 2_000],
    [10 ** 12, 300_000],
    [-5, 300_000],
    ["soon", 0],
    [null, 0],
  ])("a daemon that asks to wait %s is given that, within bounds, and the jitter on top", (retryAfterMs, hintMs) => {
    const { wire, clock, goLive, reports } = begin();
    goLive();
    wire.last().send({ type: "error", code: "upstream_unavailable", detail: "The daemon restarts.", retryAfterMs });
    expect(reports.at(-1)).toMatchObject({ state: "stale", lastError: "The daemon restarts." });
    expect(clock.delays()).toEqual([hintMs + 200]);
  });

  describe("whose other end says that its own daemon is away", () => {
    const away = { type: "error", code: "upstream_unavailable", detail: "The daemon is away." };
    const states = (reports: readonly StatusPatch[], from: number) => reports.slice(from).map(({ state }) => state);

    test("stays, and is stale until the next frame", () => {
      const { wire, model, goLive, replica, reports } = begin();
      goLive();
      wire.last().send(away);
      expect(reports.at(-1)).toEqual({ state: "stale", attempts: 0, lastError: "The daemon is away." });
      wire.last().send(away);
      expect(reports.at(-1)).toMatchObject({ state: "stale" });
      wire.last().send(heartbeat(replica.cursor));
      expect(reports.at(-1)).toMatchObject({ state: "live", attempts: 0 });
      wire.last().send(away, model.commit({ "a.x": 2 }));
      expect(reports.at(-1)).toMatchObject({ state: "live" });
      expect(replica.get("a.x")).toBe(2);
      expect(wire.links).toHaveLength(1);
    });

    test("counts that as a sign of life", () => {
      const { wire, clock, goLive } = begin();
      goLive();
      for (let count = 0; count < 5; count += 1) {
        clock.advance(37_499);
        wire.last().send(away);
      }
      expect(wire.last().isClosed()).toBe(false);
      clock.advance(37_500);
      expect(wire.last().isClosed()).toBe(true);
    });

    test("is not live in between when it reconnects meanwhile", () => {
      const { wire, clock, goLive, replica, reports } = begin();
      goLive();
      wire.last().send(away);
      const from = reports.length;
      for (let round = 0; round < 3; round += 1) {
        wire.last().events.onclose({ reason: "" });
        clock.runNext();
        wire.last().open();
        wire.last().send(away);
      }
      expect(new Set(states(reports, from))).toEqual(new Set(["stale"]));
      wire.last().send(heartbeat(replica.cursor));
      expect(reports.at(-1)).toMatchObject({ state: "live" });
    });

    test("before there are any values is still connecting", () => {
      const { wire, reports, model } = begin();
      wire.last().open();
      wire.last().send(away);
      expect(reports.at(-1)).toMatchObject({ state: "connecting" });
      wire.last().send(model.snapshot(), heartbeat(model.pass().cursor));
      expect(reports.at(-1)).toMatchObject({ state: "live" });
    });
  });

  test("what a link reports after it was given up changes nothing", () => {
    const { wire, clock, model, goLive, reports } = begin();
    goLive();
    const old = wire.last();
    old.events.onclose({ reason: "" });
    const count = reports.length;
    old.events.onclose({ reason: "again" });
    expect(reports).toHaveLength(count);
    clock.advance(200);
    goLive();
    old.events.onclose({ reason: "late" });
    expect(reports.at(-1)).toMatchObject({ state: "live" });
    expect(wire.last().isClosed()).toBe(false);
    wire.last().send(model.commit({ "a.x": 2 }));
    expect(reports.at(-1)).toMatchObject({ state: "live" });
  });

  test("tries on for as long as it takes", () => {
    const { wire, clock, goLive, reports } = begin();
    for (let count = 0; count < 500; count += 1) {
      wire.last().events.onclose({ reason: "refused" });
      clock.runNext();
    }
    expect(wire.links).toHaveLength(501);
    goLive();
    expect(reports.at(-1)).toMatchObject({ state: "live" });
  });
});
