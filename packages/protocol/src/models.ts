import { configurationKinds, type ErrorCode, errorCatalogue, issueCodes, layers } from "@setpoint/core";
import { z } from "zod";
import { cursorText, hashText, instantText, jsonValue, revisionNumber } from "./parts.ts";

/** Shapes of answers. They document (OpenAPI) and type both sides; the daemon builds them, so it does not parse them again. */

export const layerName = z.enum(layers);
export const kindName = z.enum(configurationKinds);

export const changeModel = z.object({
  kind: kindName,
  environment: z.string().optional(),
  key: z.string(),
  before: jsonValue.optional(),
  after: jsonValue.optional(),
});

export const issueModel = z
  .object({
    severity: z.enum(["error", "warning"]),
    code: z.enum(issueCodes),
    environment: z.string(),
    key: z.string(),
    rule: z.string().optional(),
    message: z.string(),
    expected: jsonValue,
    received: jsonValue,
    suggestions: z.array(z.object({ message: z.string(), changes: z.array(changeModel) })),
  })
  .meta({ id: "Issue" });

const codes = Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]];

export const problemModel = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(codes),
    detail: z.string(),
    retryable: z.boolean(),
    requestId: z.string(),
    issues: z.array(issueModel).optional(),
    current: z.object({ value: jsonValue.optional(), version: revisionNumber }).optional(),
  })
  .meta({ id: "Problem", description: "RFC 9457; type is urn:setpoint:problem:<code>." });

export type Problem = z.output<typeof problemModel>;

export const environmentModel = z
  .object({
    name: z.string(),
    parent: z.string().nullable(),
    description: z.string(),
    isProduction: z.boolean(),
    approvalRequired: z.boolean(),
    autoSync: z.boolean(),
    version: revisionNumber,
  })
  .meta({ id: "Environment" });

export const environmentsAnswer = z.object({ environments: z.array(environmentModel), revision: revisionNumber });

export const configAnswer = z.object({
  environment: z.string(),
  revision: revisionNumber,
  cursor: cursorText,
  hash: hashText,
  values: z.record(z.string(), jsonValue),
});

export const valueAnswer = z.object({
  key: z.string(),
  value: jsonValue.optional(),
  version: revisionNumber,
  revision: revisionNumber,
  layer: layerName,
  masked: z.literal(true).optional(),
});

export const writeAnswer = z.object({
  revision: revisionNumber,
  cursor: cursorText,
  key: z.string(),
  value: jsonValue.optional(),
  version: revisionNumber,
  issues: z.array(issueModel),
});

export const batchAnswer = z.object({
  revision: revisionNumber,
  cursor: cursorText,
  changes: z.array(changeModel.extend({ version: revisionNumber })),
  issues: z.array(issueModel),
});

export const gateModel = z.object({ gate: z.string(), open: z.boolean(), reason: z.string(), clearedBy: z.string() });

export const previewAnswer = z.object({
  valid: z.boolean(),
  basedOn: cursorText,
  changes: z.array(changeModel.extend({ version: revisionNumber, masked: z.literal(true).optional() })),
  effective: z.array(z.object({ environment: z.string(), key: z.string(), before: jsonValue.optional(), after: jsonValue.optional() })),
  issues: z.array(issueModel),
  gates: z.array(gateModel),
});

export const setBy = z.object({
  by: z.object({ kind: z.enum(["user", "token", "system"]), id: z.string(), name: z.string() }),
  at: instantText,
  revision: revisionNumber,
});

export const explainAnswer = z.object({
  environment: z.string(),
  key: z.string(),
  value: jsonValue.optional(),
  version: revisionNumber,
  candidates: z.array(
    z.object({
      layer: layerName,
      environment: z.string().optional(),
      source: z.string().optional(),
      value: jsonValue.optional(),
      set: setBy.optional(),
      wins: z.boolean(),
    }),
  ),
  clamps: z.array(z.object({ policy: z.string(), wish: jsonValue, served: jsonValue, reason: z.string(), until: z.string().optional() })),
  masked: z.literal(true).optional(),
});

export const schemaDocument = z.record(z.string(), jsonValue).meta({ id: "JsonSchema", description: "JSON Schema 2020-12 as data." });

export const schemaWriteAnswer = z.object({
  revision: revisionNumber,
  cursor: cursorText,
  namespace: z.string(),
  fingerprint: hashText,
  issues: z.array(issueModel),
});

export const schemasAnswer = z.object({
  schemas: z.array(z.object({ namespace: z.string(), fingerprint: hashText, version: revisionNumber })),
});

export const revisionModel = z.object({
  revision: revisionNumber,
  cursor: cursorText,
  at: instantText,
  by: z.object({ kind: z.enum(["user", "token", "system"]), id: z.string(), name: z.string() }),
  origin: z.string(),
  comment: z.string(),
  requestId: z.string().optional(),
  changeCount: z.int(),
});

export const revisionsAnswer = z.object({ revisions: z.array(revisionModel), next: revisionNumber.optional() });

export const revisionAnswer = revisionModel.extend({
  changes: z.array(changeModel),
  metadata: z.record(z.string(), jsonValue).optional(),
});

export const diffAnswer = z.object({ from: revisionNumber, to: revisionNumber, changes: z.array(changeModel) });

export const instancesAnswer = z.object({
  head: revisionNumber,
  instances: z.array(
    z.object({
      service: z.string(),
      id: z.string(),
      sdk: z.string(),
      environment: z.string(),
      audience: z.enum(["server", "client"]),
      via: z.array(z.string()),
      connectedAt: instantText,
      applied: revisionNumber,
      state: z.enum(["applied", "lagging", "refused", "gone"]),
      refusal: z.object({ revision: revisionNumber, code: z.string(), reason: z.string(), keys: z.array(z.string()) }).optional(),
      schemas: z.record(z.string(), z.object({ fingerprint: hashText, state: z.enum(["same", "compatible", "incompatible", "unknown"]) })),
    }),
  ),
});

export const livezAnswer = z.object({ status: z.literal("ok") });

export const readyzAnswer = z.object({
  status: z.enum(["ok", "degraded"]),
  verifying: z.boolean(),
  revision: revisionNumber,
  problems: z.array(z.object({ code: z.string(), detail: z.string() })),
});
