import type { ChangeFrame } from "@setpoint/protocol/frames";
import { type FrameText, frameText } from "./frame-text.ts";
import { createVariants, type KnownSchemas, namespacesLeftOut, withoutTexts } from "./known-schemas.ts";

/** A change frame's text, for each subscriber without the schema texts that it named. */
export interface ChangeText {
  readonly bytes: number;
  for(known: KnownSchemas | undefined): FrameText;
}

export function changeText(frame: ChangeFrame): ChangeText {
  const whole = frameText(frame);
  const bytes = whole.socketFrame.length;
  const { schemas } = frame;
  if (schemas === undefined) return { bytes, for: () => whole };
  const variant = createVariants((leftOut) => frameText({ ...frame, schemas: withoutTexts(schemas, leftOut) }));
  return {
    bytes,
    for: (known) => {
      const leftOut = namespacesLeftOut(schemas, known);
      return leftOut === "" ? whole : variant(leftOut);
    },
  };
}
