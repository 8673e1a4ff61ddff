import type { SnapshotFrame, SnapshotReason } from "@setpoint/protocol/frames";
import type { Place } from "./frame-source.ts";
import { assembled, type FrameText, joinedBytesMax, ownBuffer } from "./frame-text.ts";
import { createVariants, type KnownSchemas, namespacesLeftOut, withoutTexts } from "./known-schemas.ts";

/** One state of a projection; the large part of its text is built once, whatever the reason and place it is sent with. */
export interface SnapshotText {
  readonly place: Place;
  readonly hash: string;
  /** Bytes of memory that it and its variants may come to. */
  readonly memoryBytes: number;
  for(reason: SnapshotReason, known: KnownSchemas | undefined): FrameText;
  /** The same state at a later place that did not touch the projection. */
  movedTo(place: Place): SnapshotText;
}

/** Frames that are kept of one state at one place. */
const framesMax = 4;

export function snapshotText(snapshot: Omit<SnapshotFrame, "reason">): SnapshotText {
  const { cursor, revision, hash, schemas, values, flags, segments } = snapshot;
  const tail = ownBuffer(
    `"hash":${JSON.stringify(hash)},"values":${JSON.stringify(values)},"flags":${JSON.stringify(flags)},"segments":${JSON.stringify(segments)}}`,
  );
  const allSchemas = ownBuffer(schemas === undefined ? "" : `"schemas":${JSON.stringify(schemas)},`);
  const schemasText = createVariants({
    build: (leftOut) =>
      schemas === undefined || leftOut === "" ? allSchemas : ownBuffer(`"schemas":${JSON.stringify(withoutTexts(schemas, leftOut))},`),
    bytesOf: (text) => (text === allSchemas ? 0 : text.length),
    bytesMax: allSchemas.length,
  });
  // Frames share the large pieces; the small ones are joined, once for each way of sending.
  const frameBytes = 1_024 + [allSchemas, tail].reduce((sum, { length }) => sum + (length > joinedBytesMax ? 0 : 2 * length), 0);
  const at = (place: Place): SnapshotText => {
    const build = (name: string) => {
      const [reason = "", leftOut = ""] = name.split(":");
      const start = `{"type":"snapshot","reason":"${reason}","cursor":${JSON.stringify(place.cursor)},"revision":${place.revision},`;
      return assembled("snapshot", place.cursor, [ownBuffer(start), schemasText(leftOut), tail]);
    };
    const variant = createVariants({ build, bytesOf: () => frameBytes, bytesMax: framesMax * frameBytes });
    return {
      place,
      hash,
      memoryBytes: tail.length + 2 * allSchemas.length + framesMax * frameBytes,
      for: (reason, known) => variant(`${reason}:${namespacesLeftOut(schemas, known)}`),
      movedTo: at,
    };
  };
  return at({ cursor, revision });
}
