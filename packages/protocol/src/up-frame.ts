import { z } from "zod";
import { cursorText, hashText, keyText, nameText } from "./parts.ts";

const instance = z.strictObject({ service: z.string().max(256), id: z.string().max(256), sdk: z.string().max(256) });

/** Parses what a client sends up the stream; unknown members are refused, unknown types are for the caller to ignore. */
export const upFrame = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("subscribe"),
    environment: nameText,
    namespaces: z.array(nameText).max(256).optional(),
    audience: z.enum(["server", "client"]).optional(),
    cursor: cursorText.optional(),
    hash: hashText.optional(),
    snapshot: z.union([z.literal(true), nameText]).optional(),
    instance: instance.optional(),
    schemas: z.record(nameText, hashText).optional(),
  }),
  z.strictObject({
    type: z.literal("ack"),
    cursor: cursorText,
    hash: hashText,
    status: z.enum(["applied", "refused"]),
    keys: z.array(keyText).max(1_000).optional(),
    reason: z.string().max(2_000).optional(),
  }),
  z.strictObject({ type: z.literal("user"), id: z.string().min(1).max(256) }),
  z.strictObject({ type: z.literal("release"), id: z.string().min(1).max(256) }),
]);

export const upFrameTypes: ReadonlySet<string> = new Set(["subscribe", "ack", "user", "release"]);
