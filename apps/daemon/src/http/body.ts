import type { IncomingMessage } from "node:http";
import { isJsonObject, type Json, parseJson, type Refusal, SetpointError } from "@setpoint/core";
import { requestLimits, type Route, routes } from "@setpoint/protocol";
import { wordsOf } from "./form-words.ts";

/** What is said of a body beyond `bodyBytesMax`. */
export const tooLarge = `The body is larger than ${requestLimits.bodyBytesMax} bytes.`;
/** A body beyond this is not even read to its end. */
const discardedBytesMax = 64 * requestLimits.bodyBytesMax;

/**
 * A whole body. One that is too large is refused as soon as that shows, and what still comes of it is thrown away: a sender
 * whose connection were closed while it sends would not hear the refusal.
 */
export function readBody(payload: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    payload.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= requestLimits.bodyBytesMax) chunks.push(chunk);
      else {
        chunks.length = 0;
        reject(new SetpointError("too_large", tooLarge));
        if (size > discardedBytesMax) payload.destroy();
      }
    });
    payload.on("end", () => resolve(Buffer.concat(chunks)));
    payload.on("error", reject);
    payload.on("close", () => reject(new SetpointError("invalid_request", "The body ended too early.")));
  });
}

/** A sender that pauses for this long in a body that will be refused anyway is waiting for the answer. */
const bodyPauseMs = 100;

/** Reads a body of a declared length to its end, or until its sender pauses; one beyond all measure is not read at all. */
export function discardBody(request: IncomingMessage): Promise<void> {
  if (Number(request.headers["content-length"]) > discardedBytesMax) return Promise.resolve();
  return new Promise((resolve) => {
    const pause = setTimeout(resolve, bodyPauseMs);
    request.on("data", () => pause.refresh());
    for (const event of ["end", "close"]) {
      request.on(event, () => {
        clearTimeout(pause);
        resolve();
      });
    }
  });
}

export type Parsed = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly refusal: Refusal };

/** The body of a route: strict JSON of the form that the route takes, or why not. */
export function parseBody(route: Route, body: unknown): Parsed {
  const invalid = (detail: string): Parsed => ({ ok: false, refusal: { code: "invalid_request", detail } });
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode((body as Buffer | undefined) ?? Buffer.alloc(0));
  } catch {
    return invalid("The body is not UTF-8.");
  }
  const json = parseJson(text);
  if (!json.ok)
    return invalid(json.refusal.at === "" ? `Body: ${json.refusal.reason}` : `Body at ${json.refusal.at}: ${json.refusal.reason}`);
  const oversized = route === routes.writeValue || route === routes.commitBatch ? oversizedValue(json.value) : undefined;
  if (oversized) return { ok: false, refusal: oversized };
  const parsed = (route.body as NonNullable<Route["body"]>).safeParse(json.value);
  return parsed.success ? { ok: true, value: parsed.data } : invalid(`Body: ${wordsOf(parsed.error.issues)}.`);
}

/** A value that is too large is told before anything else of the body. */
function oversizedValue(body: Json): Refusal | undefined {
  if (!isJsonObject(body)) return undefined;
  const changes = Array.isArray(body["changes"]) ? body["changes"] : [body];
  const isOversized = changes.some(
    (change: Json) => isJsonObject(change) && change["kind"] !== "schema" && isLarger(change["value"], requestLimits.valueBytesMax),
  );
  return isOversized ? { code: "too_large", detail: `A value is larger than ${requestLimits.valueBytesMax} bytes.` } : undefined;
}

/** Whether a value's JSON text has more bytes; a look at the number of characters spares most of the counting. */
function isLarger(value: Json | undefined, bytesMax: number): boolean {
  if (typeof value !== "object" && typeof value !== "string") return false;
  const text = JSON.stringify(value);
  return text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax;
}
