import {
  configurationKinds,
  type ConfigurationKind,
  daemonBatchLimits,
  diffRecords,
  type DiffScope,
  environmentRefusal,
  nameRefusal,
  type RecordReader,
  type RecordSet,
  type Refusal,
  revertBatch,
  rollbackBatch,
  type StoredRecord,
} from "@setpoint/core";
import { requestLimits } from "@setpoint/protocol";
import type { EntryOutline } from "../../ports/change-log.ts";
import { batchBody, commitAnswer, permitted, previewBody, wireChange } from "../../engine/batch-answer.ts";
import type { BatchMaker, Committer } from "../../engine/commit.ts";
import { contentOf, cursorOf, type EntryHeader, headerOf } from "../../engine/entry.ts";
import { answer, type Handlers, refuse } from "../../engine/handler.ts";
import type { Reading } from "../../engine/reading.ts";
import type { View } from "../../engine/view.ts";

type Routes = Pick<Handlers, "listRevisions" | "readRevision" | "diffRevisions" | "rollBack">;

export const historyLimits = {
  /** Entries in memory at once while the history is listed: a header names every key that its batch changed. */
  entriesAtOnce: 200,
} as const;

/** What happened, what differs, and going back. */
export function historyRoutes({ view, reading, committer }: { view: View; reading: Reading; committer: Committer }): Routes {
  const described = (entry: EntryOutline, { revision, at, by, origin, requestId, changeCount }: EntryHeader) => {
    return {
      revision,
      cursor: cursorOf(entry),
      at,
      by: reading.principal(by),
      origin,
      comment: contentOf(entry).comment ?? "",
      ...(requestId !== undefined && { requestId }),
      changeCount,
    };
  };

  /** The revision that a wire reference names: a revision, a cursor of this history, or a snapshot's name. */
  const revisionOf = async (reference: string | number): Promise<number | Refusal> => {
    const notFound = (detail: string): Refusal => ({ code: "revision_not_found", detail });
    const [, digits, hash] = /^(0|[1-9]\d{0,15})(?:-([0-9a-f]{16}))?$/.exec(String(reference)) ?? [];
    if (digits === undefined) return notFound(`There is no snapshot "${String(reference)}".`);
    const revision = Number(digits);
    if (revision > view.head.revision) return notFound(`There is no revision ${revision}; the newest is ${view.head.revision}.`);
    if (hash !== undefined && !(await reading.hashAt(revision))?.startsWith(hash))
      return notFound(`The cursor ${String(reference)} is of another history.`);
    return revision;
  };

  return {
    listRevisions: async ({ query }) => {
      const limit = query.limit ?? requestLimits.pageDefault;
      const isFiltered = query.environment !== undefined || query.key !== undefined || query.by !== undefined;
      const found: ReturnType<typeof described>[] = [];
      let after = query.after ?? 0;
      for (;;) {
        // One more than is wanted tells whether there is a next page; with a filter that takes an unknown number of entries.
        const wanted = isFiltered ? historyLimits.entriesAtOnce : limit + 1 - found.length;
        const page = await reading.entries(after, Math.min(wanted, historyLimits.entriesAtOnce));
        for (const entry of page) {
          const header = headerOf(entry);
          if (!matches(header, query)) continue;
          if (found.length === limit) return answer({ revisions: found, next: found.at(-1)?.revision });
          found.push(described(entry, header));
        }
        const last = page.at(-1);
        if (!last || last.revision >= view.head.revision) return answer({ revisions: found });
        after = last.revision;
      }
    },

    readRevision: async ({ params }) => {
      if (!/^(0|[1-9]\d{0,15})$/.test(params.revision))
        return refuse({ code: "invalid_request", detail: `"${params.revision}" is not a revision.` });
      const entry = await reading.entry(Number(params.revision));
      if (!entry)
        return refuse({
          code: "revision_not_found",
          detail: `There is no revision ${params.revision}; the newest is ${view.head.revision}.`,
        });
      const { metadata } = contentOf(entry);
      const changes = (await reading.changes(entry.revision)).filter(({ kind }) => configurationKinds.includes(kind as ConfigurationKind));
      return answer({ ...described(entry, headerOf(entry)), changes: changes.map(wireChange), ...(metadata && { metadata }) });
    },

    diffRevisions: async ({ query }) => {
      const from = await revisionOf(query.from);
      if (typeof from !== "number") return refuse(from);
      const to = query.to === undefined ? view.head.revision : await revisionOf(query.to);
      if (typeof to !== "number") return refuse(to);
      const [before, after] = [await reading.stateAt(from), await reading.stateAt(to)];
      const { environment } = query;
      if (environment !== undefined && ![before, after, view.records].some((state) => state.environment(environment))) {
        return refuse(environmentRefusal(view.records, environment));
      }
      const changes = diffRecords(recordsOf(before), recordsOf(after), environment === undefined ? {} : { environment });
      return answer({ from, to, changes: changes.map(wireChange) });
    },

    rollBack: async (call) => {
      const { to, revert, environment, namespace, comment } = call.body;
      if (environment !== undefined && !view.records.environment(environment)) return refuse(environmentRefusal(view.records, environment));
      if (namespace !== undefined && nameRefusal(namespace) !== undefined) {
        return refuse({ code: "invalid_key", detail: `The namespace ${JSON.stringify(namespace)} ${nameRefusal(namespace)}.` });
      }
      const revision = await revisionOf((to ?? revert) as number | string);
      if (typeof revision !== "number") return refuse(revision);
      const scope = { ...(environment !== undefined && { environment }), ...(namespace !== undefined && { namespace }) };
      const batch = revert === undefined ? rollbackTo(await reading.stateAt(revision), scope) : await revertOf(reading, revision);
      if (call.query.preview) return previewBody(view, committer.preview(permitted(call.caller, batch), daemonBatchLimits));
      return commitAnswer(committer, call, {
        batch,
        limits: daemonBatchLimits,
        comment: comment ?? (revert === undefined ? `Roll back to revision ${revision}` : `Revert revision ${revision}`),
        answer: batchBody,
      });
    },
  };
}

function rollbackTo(target: RecordSet, scope: DiffScope): BatchMaker {
  const records = [...recordsOf(target)];
  return (reader) => ({ ok: true, changes: rollbackBatch(reader, records, scope) });
}

async function revertOf(reading: Reading, revision: number): Promise<BatchMaker> {
  const changes = await reading.changes(revision);
  return (reader) => revertBatch(reader, changes);
}

function* recordsOf(state: RecordReader): Iterable<StoredRecord> {
  const places = [undefined, ...state.environments().map(({ name }) => name)];
  for (const kind of configurationKinds) for (const place of places) yield* state.recordsOf(kind, place);
}

function matches(
  header: EntryHeader,
  {
    environment,
    key,
    by,
  }: { readonly environment?: string | undefined; readonly key?: string | undefined; readonly by?: string | undefined },
): boolean {
  if (by !== undefined && header.by.id !== by) return false;
  if (environment === undefined && key === undefined) return true;
  return header.changes.some(
    (change) => (environment === undefined || change.environment === environment) && (key === undefined || change.key === key),
  );
}
