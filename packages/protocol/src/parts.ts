import { type Json, keyRefusal, nameRefusal } from "@setpoint/core";
import { z } from "zod";

/** Limits of requests that both sides know. */
export const requestLimits = {
  bodyBytesMax: 1024 * 1024,
  valueBytesMax: 256 * 1024,
  commentCharactersMax: 2_000,
  batchChangesMax: 1_000,
  metadataBytesMax: 16 * 1024,
  idempotencyKeyCharactersMax: 128,
  pageDefault: 100,
  pageMax: 1_000,
} as const;

/** Any JSON value; the strict JSON parser has already held it to the wire's rules. */
export const jsonValue = z.custom<Json>((value) => value !== undefined).meta({ id: "Json", description: "Any JSON value." });

export const nameText = z
  .string()
  .refine((text) => nameRefusal(text) === undefined, { error: "must be one segment of the key grammar" })
  .meta({ id: "Name", pattern: "^[A-Za-z][A-Za-z0-9_-]*$", description: "One segment of the key grammar." });

export const keyText = z
  .string()
  .refine((text) => keyRefusal(text) === undefined, { error: "must be a dotted key" })
  .meta({ id: "Key", description: "A dotted key, its first segment the namespace." });

/** `<revision>-<16 hex>`, or a bare revision, which skips the check of the history. */
export const cursorText = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,15})(-[0-9a-f]{16})?$/, { error: "must be <revision>-<16 hex> or a revision", abort: true })
  .refine((text) => Number.isSafeInteger(Number.parseInt(text, 10)), { error: "must hold a revision below 2^53" })
  .meta({ id: "Cursor" });

export const hashText = z
  .string()
  .regex(/^[0-9a-f]{16}$/, { error: "must be 16 lower-case hex digits" })
  .meta({ id: "Hash" });

export const revisionNumber = z.int().min(0);

/** RFC 3339 UTC with milliseconds. */
export const instantText = z.iso.datetime({ precision: 3 });

/** A revision in a query parameter. */
export const revisionParameter = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,15})$/, { error: "must be a revision: 0 or a whole number without leading zeros" })
  .transform(Number)
  .refine(Number.isSafeInteger, { error: "must be below 2^53" });

export const limitParameter = z
  .string()
  .regex(/^[1-9][0-9]{0,3}$/, { error: `must be a whole number from 1 to ${requestLimits.pageMax}` })
  .transform(Number)
  .refine((limit) => limit <= requestLimits.pageMax, { error: `must be at most ${requestLimits.pageMax}` });

/** A time in a query parameter: RFC 3339 with any offset, normalised to UTC milliseconds. */
export const instantParameter = z.iso
  .datetime({ offset: true, error: "must be an RFC 3339 time" })
  .transform((text) => new Date(text).toISOString());

/** A parameter that counts by being there: `?preview`, `?preview=` or `?preview=true`. */
export const flagParameter = z.enum(["", "true"], { error: "takes no value" }).transform(() => true as const);
