import { type ErrorCode, isJsonObject, parseJson } from "@setpoint/core";
import { upFrame, upFrameTypes } from "@setpoint/protocol";
import type { UpFrame } from "@setpoint/protocol/frames";

/** Why something on the stream is refused; the connection goes on. */
export interface StreamRefusal {
  readonly code: ErrorCode;
  readonly detail: string;
}

/** What a client's message is; types that this side does not know are there to be ignored. */
export type UpMessage =
  | { readonly kind: "frame"; readonly frame: UpFrame }
  | { readonly kind: "unknown" }
  | { readonly kind: "refused"; readonly refusal: StreamRefusal };

/** Reads one message from a client, held to the wire's JSON rules and to the frame's schema. */
export function readUpMessage(text: string): UpMessage {
  const json = parseJson(text);
  if (!json.ok) return refused(json.refusal.at === "" ? json.refusal.reason : `${json.refusal.at}: ${json.refusal.reason}`);
  if (!isJsonObject(json.value) || typeof json.value["type"] !== "string")
    return refused("A frame is a JSON object with a text member type.");
  if (!upFrameTypes.has(json.value["type"])) return { kind: "unknown" };
  const parsed = upFrame.safeParse(json.value);
  if (parsed.success) return { kind: "frame", frame: parsed.data as UpFrame };
  return refused(
    parsed.error.issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`)).join("; "),
  );
}

function refused(detail: string): UpMessage {
  return { kind: "refused", refusal: { code: "invalid_request", detail: detail.slice(0, 1_000) } };
}
