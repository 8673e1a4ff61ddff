/** Bounds of the key grammar (see docs/architecture.md, section 1). */
export const keyLimits = { charactersMax: 256, segmentsMax: 16 } as const;

const segmentPattern = /^[A-Za-z][A-Za-z0-9_-]*$/;
const prototypeNames: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** Why one segment (also an environment's or a namespace's name) is refused; `undefined` when it is fine. */
export function segmentRefusal(segment: string): string | undefined {
  if (segment === "") return "is empty";
  if (prototypeNames.has(segment)) return "is a prototype name, which is refused";
  if (segment.includes("__")) return "contains __, which is refused";
  if (!segmentPattern.test(segment)) return "must start with a letter and hold only letters, digits, _ and -";
  return undefined;
}

/** Why a name of one segment is refused: the segment's rules, and at most `keyLimits.charactersMax` characters. */
export function nameRefusal(name: string): string | undefined {
  if (name.length > keyLimits.charactersMax) return `is longer than ${keyLimits.charactersMax} characters`;
  return segmentRefusal(name);
}

/** Why a dotted key is refused, as the end of a sentence that starts with the key; `undefined` when it is fine. */
export function keyRefusal(key: string): string | undefined {
  if (key.length > keyLimits.charactersMax) return `is longer than ${keyLimits.charactersMax} characters`;
  const segments = key.split(".");
  if (segments.length > keyLimits.segmentsMax) return `has more than ${keyLimits.segmentsMax} segments`;
  for (const segment of segments) {
    const refusal = segmentRefusal(segment);
    if (refusal) return segments.length === 1 ? refusal : `has a segment "${segment}" that ${refusal}`;
  }
  return undefined;
}

/** The first segment of a key. */
export function namespaceOf(key: string): string {
  const dot = key.indexOf(".");
  return dot === -1 ? key : key.slice(0, dot);
}
