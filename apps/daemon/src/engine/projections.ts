import { jsonEqual, type Json, namespaceOf, type RecordReader } from "@setpoint/core";
import type { CatchUp, FrameSource, Place, Projection, Step } from "@setpoint/client/hub";
import type { ChangeFrame, Delta, SchemaOnWire, SnapshotFrame } from "@setpoint/protocol";
import { LRUCache } from "lru-cache";
import { EnvironmentView } from "./environment-view.ts";
import { inNamespaces, type Reading } from "./reading.ts";
import type { View, ViewStep } from "./view.ts";

export const projectionLimits = {
  /** Projections whose last change is remembered for the list of instances. */
  lastChangesMax: 2_000,
} as const;

const nothing: Delta = { set: {}, unset: [] };

/** Makes the frames of every projection: snapshots and changes of the durable view, and the way from older cursors. */
export class Projections implements FrameSource {
  readonly #view: View;
  readonly #reading: Reading;
  readonly #lastChanges = new LRUCache<string, number>({ max: projectionLimits.lastChangesMax });

  constructor(view: View, reading: Reading) {
    this.#view = view;
    this.#reading = reading;
  }

  head(): Place {
    return { revision: this.#view.head.revision, cursor: this.#view.cursor };
  }

  snapshot(projection: Projection): Omit<SnapshotFrame, "reason"> {
    const view = this.#view.environment(projection.environment);
    const isServer = projection.audience === "server";
    return {
      type: "snapshot",
      ...this.#place(),
      hash: view.hash(projection.audience, projection.namespaces),
      ...(isServer && { schemas: schemasOf(this.#view.records, projection) }),
      values: asObject(view.valuesFor(projection.audience), inNamespaces(projection.namespaces)),
      flags: isServer ? asObject(view.flags) : {},
      segments: isServer ? asObject(view.segments) : {},
    };
  }

  async locate(cursor: string): Promise<"known" | "other_history" | "too_old"> {
    const [revision, hash] = cursor.split("-");
    if (hash === undefined) return "known";
    const known = await this.#reading.hashAt(Number(revision));
    if (known === undefined) return "too_old";
    return known.startsWith(hash) ? "known" : "other_history";
  }

  async catchUp(projection: Projection, cursor: string): Promise<CatchUp | undefined> {
    const revision = Number.parseInt(cursor, 10);
    const past = await this.#reading.stateAt(revision);
    const before = EnvironmentView.of(past, projection.environment);
    // From here to the end nothing is awaited: the frame and the place it brings to are of one moment.
    const now = this.#view.environment(projection.environment);
    const delta = this.#delta(projection, before, now, past);
    return {
      hashAtCursor: before.hash(projection.audience, projection.namespaces),
      ...(delta && {
        frame: {
          type: "change" as const,
          previous: revision,
          ...this.#place(),
          hash: now.hash(projection.audience, projection.namespaces),
          ...delta,
          at: this.#view.at,
        },
      }),
      upTo: this.head(),
    };
  }

  /** The revision of the projection's last change frame; 0 where none was made since the start. */
  lastChange(projection: Projection): number {
    return this.#lastChanges.get(projectionText(projection)) ?? 0;
  }

  follow(projection: Projection, listener: (step: Step) => void): () => void {
    let previous = this.#view.head.revision;
    // Resolved now, so that the view keeps it up to date and a structural change finds what was before.
    this.#view.environment(projection.environment);
    return this.#view.follow((step) => {
      const frame = this.#frame(projection, step, previous);
      if (frame) {
        previous = frame.revision;
        this.#lastChanges.set(projectionText(projection), previous);
      }
      listener({ ...this.head(), ...(frame && { frame }) });
    });
  }

  #place(): { cursor: string; revision: number } {
    return { cursor: this.#view.cursor, revision: this.#view.head.revision };
  }

  #frame(projection: Projection, step: ViewStep, previous: number): ChangeFrame | undefined {
    const { commit } = step;
    const view = this.#view.environment(projection.environment);
    const delta = commit.plan.structural
      ? this.#delta(projection, step.before(projection.environment) ?? new EnvironmentView(), view, changedSchemas(commit.plan.changes))
      : this.#touched(projection, step);
    return (
      delta && {
        type: "change",
        previous,
        ...this.#place(),
        hash: view.hash(projection.audience, projection.namespaces),
        ...delta,
        at: commit.at,
      }
    );
  }

  /** What a commit that changes neither schemas nor environments touches: its own effective changes. */
  #touched(projection: Projection, { commit }: ViewStep): FrameDelta | undefined {
    const view = this.#view.environment(projection.environment);
    const values = view.valuesFor(projection.audience);
    const isInside = inNamespaces(projection.namespaces);
    const isServer = projection.audience === "server";
    const deltas = { value: new Collected(), flag: new Collected(), segment: new Collected() };
    for (const { kind, environment, key, before, after } of commit.plan.effective) {
      if (environment !== projection.environment) continue;
      if (kind !== "value") {
        if (isServer) deltas[kind].add(key, after);
      } else if (
        isInside(key) &&
        (after === undefined ? isVisible(this.#view.records, key, projection) && before !== undefined : values.has(key))
      ) {
        deltas.value.add(key, after);
      }
    }
    return frameDelta(deltas.value.delta, deltas.flag.delta, deltas.segment.delta);
  }

  /** What differs between two views; `schemasBefore` tells which schemas differ. `undefined` = nothing. */
  #delta(
    projection: Projection,
    before: EnvironmentView,
    after: EnvironmentView,
    schemasBefore: RecordReader | ReadonlySet<string>,
  ): FrameDelta | undefined {
    const isServer = projection.audience === "server";
    const isInside = inNamespaces(projection.namespaces);
    return frameDelta(
      difference(before.valuesFor(projection.audience), after.valuesFor(projection.audience), isInside),
      isServer ? difference(before.flags, after.flags) : nothing,
      isServer ? difference(before.segments, after.segments) : nothing,
      isServer ? schemaDelta(schemasBefore, this.#view.records, projection) : {},
    );
  }
}

function projectionText({ environment, namespaces, audience }: Projection): string {
  return `${environment}\0${audience}\0${namespaces?.join(",") ?? "*"}`;
}

type FrameDelta = Pick<ChangeFrame, "values" | "flags" | "segments" | "schemas">;

function frameDelta(values: Delta, flags: Delta, segments: Delta, schemas: Record<string, SchemaOnWire> = {}): FrameDelta | undefined {
  const hasSchemas = Object.keys(schemas).length > 0;
  if (!hasSchemas && [values, flags, segments].every(({ set, unset }) => unset.length === 0 && Object.keys(set).length === 0)) {
    return undefined;
  }
  return { values, flags, segments, ...(hasSchemas && { schemas }) };
}

class Collected {
  readonly #set = Object.create(null) as Record<string, Json>;
  readonly #unset: string[] = [];

  add(key: string, value: Json | undefined): void {
    if (value === undefined) this.#unset.push(key);
    else this.#set[key] = value;
  }

  get delta(): Delta {
    return { set: this.#set, unset: this.#unset };
  }
}

function difference(
  before: ReadonlyMap<string, Json>,
  after: ReadonlyMap<string, Json>,
  isInside: (key: string) => boolean = () => true,
): Delta {
  const collected = new Collected();
  for (const [key, value] of after) if (isInside(key) && !jsonEqual(before.get(key), value)) collected.add(key, value);
  for (const key of before.keys()) if (isInside(key) && !after.has(key)) collected.add(key, undefined);
  return collected.delta;
}

function asObject(map: ReadonlyMap<string, Json>, isInside: (key: string) => boolean = () => true): Record<string, Json> {
  const object = Object.create(null) as Record<string, Json>;
  for (const key of [...map.keys()].sort()) if (isInside(key)) object[key] = map.get(key) as Json;
  return object;
}

/** Whether a projection shows a key at all: not sensitive, and for browsers marked `client`. */
function isVisible(records: RecordReader, key: string, { audience }: Projection): boolean {
  const metadata = records.schema(namespaceOf(key))?.model.leafOf(key)?.metadata;
  return metadata !== undefined && !metadata.sensitive && (audience === "server" || metadata.client);
}

function schemasOf(records: RecordReader, { namespaces }: Projection): Record<string, SchemaOnWire> {
  const schemas = Object.create(null) as Record<string, SchemaOnWire>;
  for (const namespace of records.namespaces()) {
    if (namespaces && !namespaces.includes(namespace)) continue;
    const { model } = records.schema(namespace) ?? {};
    if (model) schemas[namespace] = { fingerprint: model.fingerprint, schema: model.document };
  }
  return schemas;
}

/** The schemas that a commit set or removed. */
function changedSchemas(changes: ViewStep["commit"]["plan"]["changes"]): ReadonlySet<string> {
  return new Set(changes.filter(({ kind, before, after }) => kind === "schema" && !jsonEqual(before, after)).map(({ key }) => key));
}

function schemaDelta(
  before: RecordReader | ReadonlySet<string>,
  records: RecordReader,
  { namespaces }: Projection,
): Record<string, SchemaOnWire> {
  const schemas = Object.create(null) as Record<string, SchemaOnWire>;
  const changed =
    before instanceof Set
      ? before
      : [...new Set([...(before as RecordReader).namespaces(), ...records.namespaces()])].filter(
          (namespace) => !jsonEqual((before as RecordReader).schema(namespace)?.model.document, records.schema(namespace)?.model.document),
        );
  for (const namespace of changed) {
    if (namespaces && !namespaces.includes(namespace)) continue;
    const model = records.schema(namespace)?.model;
    schemas[namespace] = model ? { fingerprint: model.fingerprint, schema: model.document } : null;
  }
  return schemas;
}
