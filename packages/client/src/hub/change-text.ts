import type { ChangeFrame } from "@setpoint/protocol/frames";
import { type FrameText, frameText, memoryBytes } from "./frame-text.ts";
import { createVariants, type KnownSchemas, namespacesLeftOut, withoutTexts } from "./known-schemas.ts";

/** A change frame's text, for each subscriber without the schema texts that it named. */
export interface ChangeText {
  /** Bytes of the text that is sent. */
  readonly bytes: number;
  /** Bytes of memory that it and its variants may come to. */
  readonly memoryBytes: number;
  for(known: KnownSchemas | undefined): FrameText;
}

export function changeText(frame: ChangeFrame): ChangeText {
  const whole = frameText(frame);
  const { bytes } = whole;
  const { schemas } = frame;
  if (schemas === undefined) return { bytes, memoryBytes: memoryBytes(bytes), for: () => whole };
  const variant = createVariants({
    build: (leftOut) => frameText({ ...frame, schemas: withoutTexts(schemas, leftOut) }),
    bytesOf: (text) => memoryBytes(text.bytes),
    bytesMax: memoryBytes(bytes),
  });
  return {
    bytes,
    memoryBytes: 2 * memoryBytes(bytes),
    for: (known) => {
      const leftOut = namespacesLeftOut(schemas, known);
      return leftOut === "" ? whole : variant(leftOut);
    },
  };
}
