import { z } from "zod";

/** Why a zod type cannot become a schema: the place in it, what is in the way and what to write instead. */
export interface ZodRefusal {
  readonly path: string;
  readonly reason: string;
}

interface Place {
  readonly path: string;
  /** Inside a leaf's value: below a list, a union, a record and the like. */
  readonly isInside: boolean;
  /** Types on the way here, to notice recursion. */
  readonly above: readonly z.core.$ZodType[];
  /** Whether the record that follows is marked `entries: "keys"`. */
  readonly hasEntryKeys: boolean;
}

const fallbackRules = "validate it where the value is used; rules across keys come with x-setpoint-rules later";

/** Types that JSON cannot carry, with the way out. */
const unsupportedTypes: ReadonlyMap<string, string> = new Map([
  ["date", "use z.iso.datetime() or z.iso.date()"],
  ["bigint", "use z.int(), or z.string() with a pattern for longer numbers"],
  ["symbol", "use z.string()"],
  ["undefined", "use .optional()"],
  ["void", "use .optional()"],
  ["nan", "use z.number()"],
  ["map", "use z.record()"],
  ["set", "use z.array()"],
  ["file", "store a reference, for example z.url()"],
  ["function", "configuration is data"],
  ["promise", "configuration is data"],
  ["success", "use z.boolean()"],
  ["transform", "store the value as the application reads it and transform it there"],
  ["pipe", "store the value as the application reads it and transform it there"],
  ["catch", "use .default(); an invalid value is refused, never replaced"],
  ["custom", fallbackRules],
]);

/** Checks that JSON Schema carries; any other one would silently disappear. */
const supportedChecks: ReadonlySet<string> = new Set([
  "greater_than",
  "less_than",
  "multiple_of",
  "number_format",
  "min_length",
  "max_length",
  "length_equals",
  "string_format",
]);

/** The first thing in a zod type that a schema cannot keep; `undefined` when there is none. */
export function zodRefusal(type: z.core.$ZodType): ZodRefusal | undefined {
  return refusalAt(type as z.core.$ZodTypes, { path: "", isInside: false, above: [], hasEntryKeys: false });
}

function refusalAt(type: z.core.$ZodTypes, place: Place): ZodRefusal | undefined {
  const { def } = type._zod;
  const refuse = (reason: string): ZodRefusal => ({ path: place.path === "" ? "(root)" : place.path, reason });
  if (place.above.includes(type)) return refuse("a recursive type has no bound; use z.unknown(), or write the levels out");
  const wayOut = unsupportedTypes.get(def.type);
  if (wayOut !== undefined) return refuse(`z.${def.type} cannot be carried by JSON Schema; ${wayOut}`);
  if ("coerce" in def && def.coerce === true) return refuse("coercion cannot be carried by JSON Schema; use the type without coerce");
  const check = checkRefusal(type);
  if (check !== undefined) return refuse(check);
  const entries = z.globalRegistry.get(type)?.entries;
  const below: Place = { ...place, above: [...place.above, type], hasEntryKeys: place.hasEntryKeys || entries === "keys" };
  if (def.type === "default" || def.type === "prefault") {
    if (place.isInside) return refuse("a default inside a value is never filled in; use .optional(), or put the default on the key");
  }
  return firstRefusal(childrenOf(type, below));
}

function firstRefusal(children: readonly (readonly [z.core.$ZodType, Place])[]): ZodRefusal | undefined {
  for (const [child, place] of children) {
    const refusal = refusalAt(child as z.core.$ZodTypes, place);
    if (refusal) return refusal;
  }
  return undefined;
}

function childrenOf(type: z.core.$ZodTypes, place: Place): readonly (readonly [z.core.$ZodType, Place])[] {
  const { def } = type._zod;
  const inside = (suffix: string): Place => ({ ...place, path: `${place.path}${suffix}`, isInside: true, hasEntryKeys: false });
  const member = (name: string, isInside: boolean): Place => ({
    ...place,
    path: place.path === "" ? name : `${place.path}.${name}`,
    isInside,
    hasEntryKeys: false,
  });
  switch (def.type) {
    case "object": {
      const further = def.catchall ? [[def.catchall, member("*", true)] as const] : [];
      return [...Object.entries(def.shape).map(([name, child]) => [child, member(name, place.isInside)] as const), ...further];
    }
    case "record":
      return [
        [def.keyType, inside("(name)")],
        [def.valueType, member("*", place.isInside || !place.hasEntryKeys)],
      ];
    case "array":
      return [[def.element, inside("[]")]];
    case "tuple":
      return [
        ...def.items.map((item, index) => [item, inside(`[${index}]`)] as const),
        ...(def.rest ? [[def.rest, inside("[]")] as const] : []),
      ];
    case "union":
      return def.options.map((option) => [option, inside("")] as const);
    case "intersection":
      return [
        [def.left, inside("")],
        [def.right, inside("")],
      ];
    case "nullable":
      // A nullable scalar keeps its default; a nullable object is one value.
      return [[def.innerType, isObject(def.innerType) ? inside("") : place]];
    case "optional":
    case "nonoptional":
    case "readonly":
    case "default":
    case "prefault":
      return [[def.innerType, place]];
    case "lazy":
      return [[def.getter(), place]];
    default:
      return [];
  }
}

function isObject(type: z.core.$ZodType): boolean {
  const { def } = (type as z.core.$ZodTypes)._zod;
  return "innerType" in def ? isObject(def.innerType) : def.type === "object" || def.type === "record";
}

function checkRefusal(type: z.core.$ZodTypes): string | undefined {
  for (const check of type._zod.def.checks ?? []) {
    const name = check._zod.def.check;
    if (name === "custom") return `a refinement is code and cannot be carried by JSON Schema; ${fallbackRules}`;
    if (name === "overwrite")
      return "a method that changes the value (trim, toLowerCase, …) cannot be carried by JSON Schema; use a pattern that says which values are right";
    if (!supportedChecks.has(name)) return `the check "${name}" cannot be carried by JSON Schema; ${fallbackRules}`;
  }
  return undefined;
}
