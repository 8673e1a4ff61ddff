import type { SnapshotFrame, SnapshotReason } from "@setpoint/protocol/frames";
import type { Place } from "./frame-source.ts";
import { assembled, type FrameText } from "./frame-text.ts";
import { createVariants, type KnownSchemas, namespacesLeftOut, withoutTexts } from "./known-schemas.ts";

/** One state of a projection; the large part of its text is built once, whatever the reason and place it is sent with. */
export interface SnapshotText {
  readonly place: Place;
  readonly hash: string;
  for(reason: SnapshotReason, known: KnownSchemas | undefined): FrameText;
  /** The same state at a later place that did not touch the projection. */
  movedTo(place: Place): SnapshotText;
}

export function snapshotText(snapshot: Omit<SnapshotFrame, "reason">): SnapshotText {
  const { cursor, revision, hash, schemas, values, flags, segments } = snapshot;
  const tail = Buffer.from(
    `"hash":${JSON.stringify(hash)},"values":${JSON.stringify(values)},"flags":${JSON.stringify(flags)},"segments":${JSON.stringify(segments)}}`,
  );
  const schemasText = createVariants((leftOut: string) =>
    Buffer.from(schemas === undefined ? "" : `"schemas":${JSON.stringify(leftOut === "" ? schemas : withoutTexts(schemas, leftOut))},`),
  );
  const at = (place: Place): SnapshotText => {
    const variant = createVariants((name: string) => {
      const [reason = "", leftOut = ""] = name.split(":");
      const start = `{"type":"snapshot","reason":"${reason}","cursor":${JSON.stringify(place.cursor)},"revision":${place.revision},`;
      return assembled("snapshot", place.cursor, [Buffer.from(start), schemasText(leftOut), tail]);
    });
    return {
      place,
      hash,
      for: (reason, known) => variant(`${reason}:${namespacesLeftOut(schemas, known)}`),
      movedTo: at,
    };
  };
  return at({ cursor, revision });
}
