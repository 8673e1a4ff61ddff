import { addSums, emptyStateSum, type Json, jsonEqual, namespaceOf, recordSum, stateHashText } from "@setpoint/core";
import type { Cursor, SchemasOnWire } from "@setpoint/protocol/frames";
import type { CatchUp, FrameSource, Place, Projection, Step } from "../../src/hub/frame-source.ts";

type State = ReadonlyMap<string, Json>;

/** Sets (a value) or unsets (`undefined`) keys of one environment. */
export interface ModelCommit {
  readonly environment?: string;
  readonly values: Readonly<Record<string, Json | undefined>>;
}

/** A whole daemon's engine in memory: every state of every environment is kept, keys that start with `web.` are the browsers'. */
export interface ModelSource {
  readonly source: FrameSource;
  /** One durable group: one step for all of its commits. Returns the place after it. */
  commit(...group: readonly ModelCommit[]): Place;
  /** The projection's values now. */
  values(projection: Projection): Record<string, Json>;
  hash(projection: Projection): string;
  place(revision: number): Place;
  /** Makes everything below a revision unknown. */
  prune(below: number): void;
  /** Goes back to a revision and on from there as another history, as a restored backup does. */
  restore(revision: number, history: string): void;
  /** Gives a namespace a schema, as a commit of its own. */
  setSchema(namespace: string, fingerprint: string): Place;
  /** From now on commits are durable but not announced, until `announceLate`. */
  holdBack(): void;
  announceLate(): void;
  counts: { snapshots: number; catchUps: number; following: number };
}

export function createModelSource(historyAtFirst = "a"): ModelSource {
  let history = historyAtFirst;
  let prunedBelow = 0;
  const places: Place[] = [{ revision: 0, cursor: "0-0000000000000000" }];
  /** By revision, the state of each environment. */
  const states: ReadonlyMap<string, State>[] = [new Map()];
  let schemas: Record<string, string> = {};
  let heldBack: (() => void)[] | undefined;
  const followers = new Set<{ projection: Projection; listener: (step: Step) => void; from: number; previous: number }>();
  const counts = { snapshots: 0, catchUps: 0, following: 0 };

  const head = () => places.at(-1) as Place;
  const cursorAt = (revision: number): Cursor => `${revision}-${stateHashText(recordSum("value", `${history}${revision}`, revision))}`;

  const projected = ({ environment, audience, namespaces }: Projection, revision: number): State => {
    const state = states[revision]?.get(environment) ?? new Map<string, Json>();
    return new Map(
      [...state].filter(
        ([key]) => (namespaces?.includes(namespaceOf(key)) ?? true) && (audience === "server" || namespaceOf(key) === "web"),
      ),
    );
  };
  const hashOf = (state: State) =>
    stateHashText([...state].reduce((sum, [key, value]) => addSums(sum, recordSum("value", key, value)), emptyStateSum));

  const delta = (before: State, after: State) => ({
    set: Object.fromEntries([...after].filter(([key, value]) => !before.has(key) || !jsonEqual(before.get(key), value))),
    unset: [...before.keys()].filter((key) => !after.has(key)),
  });

  const schemasFor = ({ audience, namespaces }: Projection): SchemasOnWire | undefined => {
    const names = Object.keys(schemas).filter((name) => namespaces?.includes(name) ?? true);
    if (audience === "client" || names.length === 0) return undefined;
    return Object.fromEntries(
      names.map((name) => [name, { fingerprint: schemas[name] as string, schema: { title: `schema of ${name}` } }]),
    );
  };

  const changeFrame = (projection: Projection, from: number, to: Place, previous: number, changedSchemas?: SchemasOnWire) => {
    const before = projected(projection, from);
    const after = projected(projection, to.revision);
    const values = delta(before, after);
    if (Object.keys(values.set).length === 0 && values.unset.length === 0 && changedSchemas === undefined) return undefined;
    const none = { set: {}, unset: [] };
    return {
      type: "change" as const,
      previous,
      ...to,
      hash: hashOf(after),
      values,
      flags: none,
      segments: none,
      ...(changedSchemas && { schemas: changedSchemas }),
      at: "2026-11-20T12:00:00.000Z",
    };
  };

  const announce = (from: number, changedNamespace?: string) => {
    const to = head();
    if (heldBack) heldBack.push(() => announceNow(from, to, changedNamespace));
    else announceNow(from, to, changedNamespace);
  };

  const announceNow = (from: number, to: Place, changedNamespace?: string) => {
    for (const follower of followers) {
      if (follower.from >= to.revision) continue;
      const all = schemasFor(follower.projection);
      const changed = changedNamespace && all?.[changedNamespace] ? { [changedNamespace]: all[changedNamespace] } : undefined;
      const frame = changeFrame(follower.projection, from, to, follower.previous, changed);
      if (frame) follower.previous = frame.revision;
      follower.listener({ ...to, ...(frame && { frame }) });
    }
  };

  const append = ({ environment = "base", values }: ModelCommit) => {
    const revision = head().revision + 1;
    const state = new Map(states[revision - 1]?.get(environment));
    for (const [key, value] of Object.entries(values)) {
      if (value === undefined) state.delete(key);
      else state.set(key, value);
    }
    states[revision] = new Map(states[revision - 1]).set(environment, state);
    places.push({ revision, cursor: cursorAt(revision) });
  };

  const source: FrameSource = {
    head,
    snapshot(projection) {
      counts.snapshots += 1;
      const state = projected(projection, head().revision);
      const schemasNow = schemasFor(projection);
      return {
        type: "snapshot",
        ...head(),
        hash: hashOf(state),
        ...(schemasNow && { schemas: schemasNow }),
        values: Object.fromEntries(state),
        flags: {},
        segments: {},
      };
    },
    async locate(cursor) {
      const revision = Number.parseInt(cursor, 10);
      if (revision < prunedBelow) return "too_old";
      return !cursor.includes("-") || places[revision]?.cursor === cursor ? "known" : "other_history";
    },
    async catchUp(projection, cursor): Promise<CatchUp | undefined> {
      counts.catchUps += 1;
      const revision = Number.parseInt(cursor, 10);
      if (revision < prunedBelow) return undefined;
      const frame = changeFrame(projection, revision, head(), revision);
      return { hashAtCursor: hashOf(projected(projection, revision)), ...(frame && { frame }), upTo: head() };
    },
    follow(projection, listener) {
      counts.following += 1;
      const follower = { projection, listener, from: head().revision, previous: head().revision };
      followers.add(follower);
      return () => {
        counts.following -= 1;
        followers.delete(follower);
      };
    },
  };

  return {
    source,
    commit(...group) {
      const from = head().revision;
      for (const commit of group) append(commit);
      announce(from);
      return head();
    },
    values: (projection) => Object.fromEntries(projected(projection, head().revision)),
    hash: (projection) => hashOf(projected(projection, head().revision)),
    place: (revision) => places[revision] as Place,
    prune(below) {
      prunedBelow = below;
    },
    restore(revision, other) {
      history = other;
      places.length = revision + 1;
      states.length = revision + 1;
      for (const follower of followers) {
        follower.previous = revision;
        follower.from = revision;
        follower.listener({ ...head(), reset: "other_history" });
      }
    },
    setSchema(namespace, fingerprint) {
      const from = head().revision;
      append({ values: {} });
      schemas = { ...schemas, [namespace]: fingerprint };
      announce(from, namespace);
      return head();
    },
    holdBack() {
      heldBack ??= [];
    },
    announceLate() {
      const late = heldBack ?? [];
      heldBack = undefined;
      for (const run of late) run();
    },
    counts,
  };
}
