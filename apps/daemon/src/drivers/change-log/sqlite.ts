import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { StoredRecord } from "@setpoint/core";
import type { ChangeLog } from "../../ports/change-log.ts";
import { assertGroup } from "./assert-group.ts";
import { createFollowList } from "./follow-list.ts";
import { sqliteDefaults } from "./sqlite-settings.ts";
import type { SqliteSettings } from "./sqlite-settings.ts";
import type { RecordsPage } from "./sqlite-reading.ts";
import { fromEntryRow, fromKeyRow, fromOutlineRow, fromRecordsBlock, member, toEntryRow, toKeyRow } from "./sqlite-rows.ts";
import type { SqliteStore } from "./sqlite-store.ts";
import { linkWorker } from "./worker-link.ts";

/**
 * Opens the change log in the SQLite file at `path`, made when there is none, in a worker thread of its own.
 * Rejects with `store_unavailable`, in words for the operator, when the file is not a store that this version can serve.
 */
export async function openSqliteChangeLog(path: string, options: Partial<Omit<SqliteSettings, "path">> = {}): Promise<ChangeLog> {
  const settings: SqliteSettings = { ...sqliteDefaults, ...options, path };
  // A worker that died has used up its failpoints.
  const { failpoints: _, ...restarted } = settings;
  const { recordsPageMax } = settings;
  const link = linkWorker<SqliteStore>((attempt) => startWorker(attempt === "first" ? settings : restarted));
  const followers = createFollowList();
  try {
    await link.call("head");
  } catch (error) {
    await link.close();
    throw error;
  }

  return {
    head: () => link.call("head"),
    async append(expected, entries) {
      assertGroup(expected, entries);
      const outcome = await link.call("append", expected, entries.map(toEntryRow));
      if (outcome.state === "committed" && entries.length > 0) followers.announce(outcome.head);
      return outcome;
    },
    read: async (after, limit) => (await link.call("read", after, limit)).map(fromEntryRow),
    outlines: async (after, limit) => (await link.call("outlines", after, limit)).map(fromOutlineRow),
    revisionAt: (at) => link.call("revisionAt", Date.parse(at)),
    async record(id, revision = Number.MAX_SAFE_INTEGER) {
      const found = await link.call("record", toKeyRow(id), revision);
      return found && { ...fromKeyRow(toKeyRow(id)), ...member("value", found.value), revision: found.revision };
    },
    async records(filter, revision) {
      const upTo = revision ?? (await link.call("head")).revision;
      const records: StoredRecord[] = [];
      let page: RecordsPage | undefined = await link.call("records", filter, upTo, recordsPageMax);
      while (page) {
        // Asked for before this page is unpacked, so that both threads work.
        const next: Promise<RecordsPage> | undefined = page.next && link.call("records", filter, upTo, recordsPageMax, page.next);
        for (const block of page.blocks) for (const record of fromRecordsBlock(block)) records.push(record);
        page = await next;
      }
      return records;
    },
    changes: async (revision) =>
      (await link.call("changes", revision)).map((row) => ({
        ...fromKeyRow(row),
        ...member("before", row.before),
        ...member("after", row.after),
      })),
    async byIdempotencyKey(principal, key) {
      const row = await link.call("byIdempotencyKey", principal, key);
      return row && fromEntryRow(row);
    },
    follow: followers.follow,
    close: link.close,
  };
}

function startWorker(settings: SqliteSettings): Worker {
  // The same module runs as source and as build: the worker has this module's extension.
  const extension = extname(fileURLToPath(import.meta.url));
  return new Worker(new URL(`./sqlite-worker${extension}`, import.meta.url), { name: "store", workerData: settings });
}
