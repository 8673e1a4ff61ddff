import {
  type BatchChange,
  clientBatchLimits,
  environmentRefusal,
  flattenPatch,
  type Json,
  type JsonObject,
  keysMatcher,
  keyRefusal,
  leafOf,
  namespaceOf,
  type Plan,
  type RecordReader,
  type Refusal,
  resolveKey,
} from "@setpoint/core";
import { LRUCache } from "lru-cache";
import { batchBody, commitAnswer, permitted, previewBody } from "../../engine/batch-answer.ts";
import type { Committer } from "../../engine/commit.ts";
import { cursorOf } from "../../engine/entry.ts";
import { EnvironmentView } from "../../engine/environment-view.ts";
import { answer, type Call, type Handlers, refuse } from "../../engine/handler.ts";
import { hashOfValues } from "../../engine/hash-of-values.ts";
import type { Reading } from "../../engine/reading.ts";
import type { View } from "../../engine/view.ts";

export const valueRouteLimits = {
  keyPatternsMax: 256,
  /** Bytes of whole configurations that are kept as they were sent, until the next commit. */
  configBytesMax: 128 * 1024 * 1024,
} as const;

type Routes = Pick<Handlers, "readConfig" | "readValue" | "writeValue" | "deleteValue" | "patchValues" | "commitBatch">;

/** Reading and writing values, one by one or in batches. */
export function valueRoutes({ view, reading, committer }: { view: View; reading: Reading; committer: Committer }): Routes {
  /** The present configurations, whole, by environment. */
  const bodies = new LRUCache<string, { readonly body: Buffer; readonly hash: string }>({
    maxSize: valueRouteLimits.configBytesMax,
    sizeCalculation: ({ body }) => body.length,
  });
  view.follow(() => bodies.clear());

  return {
    readConfig: async ({ params, query }) => {
      const { environment } = params;
      if (query.revision !== undefined && query.at !== undefined) {
        return refuse({ code: "invalid_request", detail: "Query: give either revision or at." });
      }
      const matches = keyTest(query.keys);
      if (!matches)
        return refuse({
          code: "invalid_request",
          detail: `Query: keys takes patterns such as shop.*,ui.**; got ${JSON.stringify(query.keys)}.`,
        });
      const revision = query.at === undefined ? (query.revision ?? view.head.revision) : await reading.revisionAt(query.at);
      const isNow = query.at === undefined && query.revision === undefined;
      if (revision > view.head.revision)
        return refuse({ code: "revision_not_found", detail: `The newest revision is ${view.head.revision}.` });
      const isWhole = isNow && query.keys === undefined;
      const made = isWhole ? bodies.get(environment) : undefined;
      if (made) return answer(made.body, { etag: made.hash });
      const state = isNow ? view.records : await reading.stateAt(revision);
      if (!state.environment(environment)) return refuse(environmentRefusal(state, environment));
      const environmentView = isNow ? view.environment(environment) : EnvironmentView.of(state, environment);
      const keys = query.keys === undefined ? environmentView.sortedKeys() : environmentView.sortedKeys().filter(matches);
      const values = Object.create(null) as Record<string, Json>;
      for (const key of keys) values[key] = environmentView.values.get(key) as Json;
      const hash = query.keys === undefined ? environmentView.hash("server", undefined) : hashOfValues(values);
      const place = isNow ? view.head : { revision, hash: (await reading.hashAt(revision)) ?? "" };
      const config = { environment, revision: place.revision, cursor: cursorOf(place), hash, values };
      if (!isWhole) return answer(config, { etag: hash });
      const body = Buffer.from(JSON.stringify(config));
      bodies.set(environment, { body, hash });
      return answer(body, { etag: hash });
    },

    readValue: ({ params: { environment, key } }) => {
      const refusal = placeRefusal(view.records, environment, key);
      if (refusal) return refuse(refusal);
      const resolved = resolveKey(view.records, environment, key);
      if (!resolved) return refuse(missing(view.records, environment, key));
      const { value, version, layer, leaf } = resolved;
      const revision = view.head.revision;
      const body = leaf.metadata.sensitive ? { key, version, revision, layer, masked: true } : { key, value, version, revision, layer };
      return answer(body, { etag: String(version) });
    },

    writeValue: (call) => {
      const { environment, key } = call.params;
      const change: BatchChange = { kind: "value", environment, key, value: call.body.value, ...conditionOf(call) };
      return commitAnswer(committer, call, {
        batch: () => ({ ok: true, changes: [change] }),
        limits: clientBatchLimits,
        ...(call.body.comment !== undefined && { comment: call.body.comment }),
        ...(call.body.metadata !== undefined && { metadata: call.body.metadata }),
        answer: (after, plan) => writeBody(after, environment, key, plan),
      });
    },

    deleteValue: (call) => {
      const { environment, key } = call.params;
      const change: BatchChange = { kind: "value", environment, key, ...conditionOf(call) };
      return commitAnswer(committer, call, {
        batch: () => ({ ok: true, changes: [change] }),
        limits: clientBatchLimits,
        answer: (after, plan) => writeBody(after, environment, key, plan),
      });
    },

    patchValues: (call) => {
      const { environment } = call.params;
      const { ifMatch } = call;
      return commitAnswer(committer, call, {
        batch: (reader) =>
          reader.environment(environment)
            ? flattenPatch(reader, environment, call.body)
            : { ok: false, refusal: environmentRefusal(reader, environment) },
        limits: clientBatchLimits,
        ...(ifMatch !== undefined && { precondition: (reader: RecordReader) => hashCondition(reader, environment, ifMatch) }),
        answer: batchBody,
      });
    },

    commitBatch: (call) => {
      const changes = batchOf(call);
      if (!Array.isArray(changes)) return refuse(changes);
      const batch = () => ({ ok: true as const, changes: changes as readonly BatchChange[] });
      if (call.query.preview) return previewBody(view, committer.preview(permitted(call.caller, batch), clientBatchLimits));
      return commitAnswer(committer, call, {
        batch,
        limits: clientBatchLimits,
        ...(call.body.comment !== undefined && { comment: call.body.comment }),
        answer: batchBody,
      });
    },
  };
}

/** 404 of the environment, then 400 of the key. */
export function placeRefusal(records: RecordReader, environment: string, key: string): Refusal | undefined {
  if (!records.environment(environment)) return environmentRefusal(records, environment);
  const refusal = keyRefusal(key);
  if (refusal !== undefined) return { code: "invalid_key", detail: `The key ${JSON.stringify(key)} ${refusal}.` };
  if (!leafOf(records, key) && records.schema(namespaceOf(key))?.model.isBranch(key)) {
    return { code: "not_a_leaf", detail: `"${key}" is a branch: name a key below it.` };
  }
  return undefined;
}

function missing(records: RecordReader, environment: string, key: string): Refusal {
  const leaf = leafOf(records, key);
  if (!leaf) return { code: "configuration_not_found", detail: `No schema declares the key "${key}".` };
  return { code: "configuration_not_found", detail: `No layer gives "${key}" a value in "${environment}".` };
}

/** The keys of a batch of this type, in the wire's words. */
function batchOf(call: Call<"commitBatch">): BatchChange[] | Refusal {
  const changes: BatchChange[] = [];
  for (const [index, wish] of call.body.changes.entries()) {
    const kind = wish.kind ?? "value";
    const isShared = kind === "schema" || kind === "environment";
    if (!isShared && wish.environment === undefined) {
      return { code: "invalid_request", detail: `Body: changes.${index}: a ${kind} needs an environment.` };
    }
    if (isShared && wish.environment !== undefined) {
      return { code: "invalid_request", detail: `Body: changes.${index}: a ${kind} takes no environment.` };
    }
    changes.push({
      kind,
      ...(wish.environment !== undefined && { environment: wish.environment }),
      key: wish.key,
      ...(wish.value !== undefined && { value: wish.value }),
      ...(wish.ifVersion !== undefined && { ifVersion: wish.ifVersion }),
    });
  }
  return changes;
}

function conditionOf(call: { readonly ifMatch?: string; readonly ifNoneMatch?: unknown }): Pick<BatchChange, "ifVersion" | "ifAbsent"> {
  return {
    ...(call.ifMatch !== undefined && { ifVersion: Number(call.ifMatch) }),
    ...(call.ifNoneMatch === "*" && { ifAbsent: true as const }),
  };
}

function hashCondition(reader: RecordReader, environment: string, expected: string): Refusal | undefined {
  const hash = EnvironmentView.of(reader, environment).hash("server", undefined);
  if (hash === expected) return undefined;
  return {
    code: "version_mismatch",
    detail: `The configuration of "${environment}" is at "${hash}", not "${expected}".`,
    issues: [
      {
        severity: "error",
        code: "version_mismatch",
        environment,
        key: "",
        message: "The configuration has changed meanwhile.",
        expected,
        received: hash,
        suggestions: [],
      },
    ],
  };
}

function writeBody(after: RecordReader, environment: string, key: string, plan: Plan): JsonObject {
  const resolved = resolveKey(after, environment, key);
  return {
    key,
    ...(resolved && !resolved.leaf.metadata.sensitive && { value: resolved.value }),
    version: resolved?.version ?? 0,
    issues: plan.issues as unknown as Json,
  };
}

const matchers = new LRUCache<string, (key: string) => boolean>({ max: 1_000 });

function keyTest(patterns: string | undefined): ((key: string) => boolean) | undefined {
  if (patterns === undefined) return () => true;
  const known = matchers.get(patterns);
  if (known) return known;
  const list = patterns.split(",");
  if (list.length > valueRouteLimits.keyPatternsMax) return undefined;
  const test = keysMatcher(list);
  if (!test) return undefined;
  matchers.set(patterns, test);
  return test;
}
