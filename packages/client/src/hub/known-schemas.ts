import type { SchemaOnWire, SchemasOnWire } from "@setpoint/protocol/frames";

/** Fingerprints by namespace whose texts a subscriber has already. */
export type KnownSchemas = Readonly<Record<string, string>>;

/** Namespaces of a frame whose schema text a subscriber does not need, joined; equal for subscribers that get the same text. */
export function namespacesLeftOut(schemas: SchemasOnWire | undefined, known: KnownSchemas | undefined): string {
  if (schemas === undefined || known === undefined) return "";
  return Object.keys(schemas)
    .filter((namespace) => schemas[namespace] && Object.hasOwn(known, namespace) && schemas[namespace].fingerprint === known[namespace])
    .toSorted()
    .join(",");
}

/** The schemas without the texts of those namespaces; their fingerprints stay. */
export function withoutTexts(schemas: SchemasOnWire, leftOut: string): SchemasOnWire {
  const names = new Set(leftOut.split(","));
  return Object.fromEntries(
    Object.entries(schemas).map(([namespace, schema]) => [namespace, names.has(namespace) ? fingerprintOf(schema) : schema]),
  );
}

function fingerprintOf(schema: SchemaOnWire): SchemaOnWire {
  return schema && { fingerprint: schema.fingerprint };
}

/** At most this many variants of one text are kept. */
const variantsMax = 8;

export interface VariantsOptions<Text> {
  readonly build: (variant: string) => Text;
  readonly bytesOf: (text: Text) => number;
  /** Bytes of the variants that are kept together. */
  readonly bytesMax: number;
}

/** Remembers the few variants of one text; more are built for each subscriber anew. */
export function createVariants<Text>({ build, bytesOf, bytesMax }: VariantsOptions<Text>): (variant: string) => Text {
  const built = new Map<string, Text>();
  let bytes = 0;
  return (variant) => {
    const kept = built.get(variant);
    if (kept !== undefined) return kept;
    const text = build(variant);
    if (built.size >= variantsMax || bytes + bytesOf(text) > bytesMax) return text;
    built.set(variant, text);
    bytes += bytesOf(text);
    return text;
  };
}
