import { isJsonObject, type Json } from "../json.ts";

/** Flag keys are not dotted keys: 1–256 characters without control characters, and none of the prototype names. */
export function flagKeyRefusal(key: string): string | undefined {
  if (key.length === 0 || key.length > 256) return "must have 1 to 256 characters";
  if (/[\u0000-\u001f\u007f-\u009f]/.test(key)) return "must not hold control characters";
  if (key === "__proto__" || key === "constructor" || key === "prototype") return "is a prototype name, which is refused";
  return undefined;
}

/**
 * Why a flag definition is unusable as a whole, as the end of a sentence about the flag: the state, the variants and the
 * default variant, as flagd's format has it. Rules inside `targeting` are not looked at here.
 */
export function flagRefusal(definition: Json): string | undefined {
  if (!isJsonObject(definition)) return "must be an object in flagd's flag definition format";
  const { state, variants, defaultVariant, targeting, metadata } = definition;
  if (state !== "ENABLED" && state !== "DISABLED") return 'needs "state": "ENABLED" or "DISABLED"';
  if (!isJsonObject(variants) || Object.keys(variants).length === 0) return 'needs "variants", an object with at least one member';
  const types = new Set(Object.values(variants).map((variant) => (isJsonObject(variant) ? "object" : typeof variant)));
  if (types.size > 1) return "has variants of different types";
  const isNamed = typeof defaultVariant === "string" && (defaultVariant === "" || Object.hasOwn(variants, defaultVariant));
  if (defaultVariant !== undefined && defaultVariant !== null && !isNamed) return 'names a "defaultVariant" that is no variant';
  if (targeting !== undefined && targeting !== null && !isJsonObject(targeting)) return 'has a "targeting" that is no object';
  if (metadata !== undefined && !isJsonObject(metadata)) return 'has "metadata" that is no object';
  return undefined;
}
