import { z } from "zod";
import { kindName } from "./models.ts";
import { jsonValue, requestLimits } from "./parts.ts";

const commentText = z.string().max(requestLimits.commentCharactersMax);

export const valueWrite = z.strictObject({
  value: jsonValue,
  comment: commentText.optional(),
  metadata: z.record(z.string().max(256), jsonValue).optional(),
});

/** A nested merge patch (RFC 7396) whose first level are namespaces. */
export const valuesPatch = z.record(z.string(), jsonValue);

const batchChange = z
  .strictObject({
    kind: kindName.optional(),
    environment: z.string().optional(),
    key: z.string(),
    value: jsonValue.optional(),
    delete: z.literal(true).optional(),
    ifVersion: z.int().min(0).optional(),
  })
  .refine((change) => (change.value === undefined) !== (change.delete === undefined), {
    error: 'needs either "value" or "delete": true',
  });

export const batchWrite = z.strictObject({
  changes: z.array(batchChange).min(1).max(requestLimits.batchChangesMax),
  comment: commentText.optional(),
});

export const rollbackWrite = z
  .strictObject({
    to: z.union([z.int().min(0), z.string().min(1).max(256)]).optional(),
    revert: z.int().min(1).optional(),
    environment: z.string().optional(),
    namespace: z.string().optional(),
    comment: commentText.optional(),
  })
  .refine((body) => (body.to === undefined) !== (body.revert === undefined), {
    error: 'needs either "to" (a revision or a snapshot name) or "revert" (a revision)',
  })
  .refine((body) => body.revert === undefined || (body.environment === undefined && body.namespace === undefined), {
    error: '"environment" and "namespace" go with "to" only',
  });

export type ValueWrite = z.output<typeof valueWrite>;
export type BatchWrite = z.output<typeof batchWrite>;
export type RollbackWrite = z.output<typeof rollbackWrite>;
