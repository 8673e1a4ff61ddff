import type { Define } from "./invocation.ts";

/** A command as the list of all shows it; the rest is loaded when it is called. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly group: string;
  readonly load: () => Promise<Define>;
}

const run = "Run:";
const read = "Read:";
const change = "Change:";

/** Every command, in the order of `setpoint --help`. */
export const commands: readonly CommandEntry[] = [
  {
    name: "init",
    summary: "start a project: write setpoint.config and what goes with it",
    group: run,
    load: async () => (await import("./commands/init.ts")).defineInit,
  },
  { name: "up", summary: "run the daemon for a project", group: run, load: async () => (await import("./commands/up.ts")).defineUp },
  {
    name: "dev",
    summary: "run the daemon and the project's own app",
    group: run,
    load: async () => (await import("./commands/dev.ts")).defineDev,
  },
  {
    name: "status",
    summary: "say whether the daemon is well, and what each app has applied",
    group: run,
    load: async () => (await import("./commands/status.ts")).defineStatus,
  },
  { name: "get", summary: "show values in force", group: read, load: async () => (await import("./commands/get.ts")).defineGet },
  {
    name: "explain",
    summary: "show why a value is what it is",
    group: read,
    load: async () => (await import("./commands/explain.ts")).defineExplain,
  },
  {
    name: "history",
    summary: "show who changed what, newest first",
    group: read,
    load: async () => (await import("./commands/history.ts")).defineHistory,
  },
  {
    name: "diff",
    summary: "show what differs between revisions, or between environments",
    group: read,
    load: async () => (await import("./commands/diff.ts")).defineDiff,
  },
  {
    name: "watch",
    summary: "show every change as it happens",
    group: read,
    load: async () => (await import("./commands/watch.ts")).defineWatch,
  },
  {
    name: "set",
    summary: "store one value, or several at once",
    group: change,
    load: async () => (await import("./commands/set.ts")).defineSet,
  },
  {
    name: "unset",
    summary: "remove stored values; what lies below shows through",
    group: change,
    load: async () => (await import("./commands/unset.ts")).defineUnset,
  },
  {
    name: "rollback",
    summary: "bring configuration back to a revision, or undo one",
    group: change,
    load: async () => (await import("./commands/rollback.ts")).defineRollback,
  },
];
