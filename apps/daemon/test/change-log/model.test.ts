import { recordIdText } from "@setpoint/core";
import type { Json, RecordId, StoredRecord } from "@setpoint/core";
import { contractEntry } from "@setpoint/testkit";
import fc from "fast-check";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createMemoryChangeLog } from "../../src/drivers/change-log/memory.ts";
import { openSqliteChangeLog } from "../../src/drivers/change-log/sqlite.ts";
import type { ChangeLog, EntryChange } from "../../src/ports/change-log.ts";
import { temporaryFolder } from "../state-folder/temporary-folder.ts";

// Both drivers against the naive log: the whole state at every revision, as a Map.

type State = ReadonlyMap<string, StoredRecord>;

const ids: readonly RecordId[] = [
  ...["a.b", "a.b.c", "a.bc", "z.y"].map((key): RecordId => ({ kind: "value", environment: "base", layer: "stored", key })),
  { kind: "value", environment: "base", layer: "git", key: "a.b" },
  { kind: "value", environment: "child", layer: "stored", key: "a.b" },
  { kind: "value", layer: "files", key: "a.b" },
  { kind: "flag", environment: "base", key: "a.b" },
  { kind: "schema", key: "a" },
];

const json = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as Json);
const change = fc
  .tuple(fc.constantFrom(...ids), fc.option(json, { nil: undefined }))
  .map(([id, after]): EntryChange => ({ ...id, salt: "5a".repeat(16), ...(after !== undefined && { after }) }));
const batch = fc.uniqueArray(change, { maxLength: ids.length, selector: recordIdText });
const groups = fc.array(fc.array(batch, { minLength: 1, maxLength: 4 }), { maxLength: 8 });

function after(state: State, revision: number, changes: readonly EntryChange[]): State {
  const next = new Map(state);
  for (const { salt: _, after: value, ...id } of changes) {
    next.set(recordIdText(id), { ...id, ...(value !== undefined && { value }), revision });
  }
  return next;
}

async function appendAll(log: ChangeLog, history: readonly (readonly EntryChange[][])[]): Promise<State[]> {
  const states: State[] = [new Map()];
  for (const group of history) {
    const head = await log.head();
    const entries = group.map((changes, index) => contractEntry(head.revision + 1 + index, changes));
    await log.append(head, entries);
    for (const { revision, changes } of entries) states.push(after(states.at(-1) as State, revision, changes));
  }
  return states;
}

const sorted = (records: Iterable<StoredRecord>) => [...records].toSorted((a, b) => (recordIdText(a) < recordIdText(b) ? -1 : 1));

async function expectEveryRevision(log: ChangeLog, states: readonly State[]): Promise<void> {
  for (const [revision, state] of states.entries()) {
    expect(await log.records({}, revision)).toEqual(sorted(state.values()));
    expect(await log.records({ kind: "value", environment: "base", keyPrefix: "a.b" }, revision)).toEqual(
      sorted(state.values()).filter(({ kind, environment, key }) => kind === "value" && environment === "base" && /^a\.b(\.|$)/.test(key)),
    );
    for (const id of ids) expect(await log.record(id, revision)).toEqual(state.get(recordIdText(id)));
    const before = states[revision - 1];
    for (const entry of await log.changes(revision)) {
      const text = recordIdText(entry);
      expect([entry.before, entry.after]).toEqual([before?.get(text)?.value, state.get(text)?.value]);
    }
  }
  expect(await log.records({})).toEqual(sorted((states.at(-1) as State).values()));
}

const drivers = {
  memory: { runs: 100, open: () => Promise.resolve(createMemoryChangeLog()) },
  sqlite: { runs: 20, open: () => openSqliteChangeLog(join(temporaryFolder(), "setpoint.db")) },
  // Index and pages in small portions, so that every read meets both sides of their borders.
  "sqlite in small portions": {
    runs: 20,
    open: () => openSqliteChangeLog(join(temporaryFolder(), "setpoint.db"), { recentChangesMax: 5, recordsPageMax: 2, walBytes: 60_000 }),
  },
};

it.each(Object.entries(drivers))("%s knows every record at every revision", { timeout: 60_000 }, async (_, { runs, open }) => {
  await fc.assert(
    fc.asyncProperty(groups, async (history) => {
      const log = await open();
      try {
        await expectEveryRevision(log, await appendAll(log, history));
      } finally {
        await log.close();
      }
    }),
    { numRuns: runs },
  );
});
