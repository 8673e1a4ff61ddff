import type { Answer, Daemon } from "./daemon.ts";

type Revision = Answer<"listRevisions">["revisions"][number];

/** Which revisions are wanted; absent members match all. */
export interface RevisionFilter {
  readonly environment?: string;
  readonly key?: string;
  readonly by?: string;
}

const pageMax = 1_000;
const growth = 8;

/**
 * The newest matching revisions, newest first. The wire lists history from its beginning, so this reads windows from its end,
 * each larger than the one before.
 */
export async function newestRevisions(
  daemon: Pick<Daemon, "call">,
  filter: RevisionFilter,
  head: number,
  count: number,
): Promise<Revision[]> {
  const newest: Revision[] = [];
  for (let end = head, size = count; end > 0 && newest.length < count; size *= growth) {
    const start = Math.max(0, end - size);
    newest.push(...(await readWindow(daemon, filter, start, end)).toReversed());
    end = start;
  }
  return newest.slice(0, count);
}

/** Every matching revision after `start`, up to and including `end`. */
async function readWindow(daemon: Pick<Daemon, "call">, filter: RevisionFilter, start: number, end: number): Promise<Revision[]> {
  const found: Revision[] = [];
  for (let after: number | undefined = start; after !== undefined;) {
    const limit = Math.min(pageMax, end - after);
    const page: Answer<"listRevisions"> = await daemon.call("listRevisions", {
      query: { ...filter, after: String(after), limit: String(limit) },
    });
    found.push(...page.revisions.filter(({ revision }) => revision <= end));
    after = page.next !== undefined && page.next < end ? page.next : undefined;
  }
  return found;
}
