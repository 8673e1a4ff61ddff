import { leafOf, type Plan, RecordSet, type StoredRecord } from "@setpoint/core";
import type { Head } from "../ports/change-log.ts";
import { cursorOf } from "./entry.ts";
import { EnvironmentView } from "./environment-view.ts";

/** A commit that is durable, as the view takes it in. */
export interface DurableCommit {
  readonly head: Head;
  /** RFC 3339 UTC with milliseconds. */
  readonly at: string;
  readonly records: readonly StoredRecord[];
  readonly plan: Pick<Plan, "effective" | "structural" | "changes">;
}

/** What a follower of the view is told: the commit, and each environment's view from before a structural change. */
export interface ViewStep {
  readonly commit: DurableCommit;
  /** The view of an environment as it was before a change of schemas or environments; asked only of those that were in use. */
  before(environment: string): EnvironmentView | undefined;
}

/**
 * The durable present: a cache over the log. Reads, previews and frames come from here and never from what is not durable.
 * Environments are resolved at first use and kept up to date by each commit.
 */
export class View {
  readonly records: RecordSet;
  #head: Head;
  #at: string;
  #environments = new Map<string, EnvironmentView>();
  readonly #followers = new Set<(step: ViewStep) => void>();

  /** @param at when the head was committed, RFC 3339; the epoch for the empty log */
  constructor(head: Head, at: string, records: Iterable<StoredRecord>) {
    this.#head = head;
    this.#at = at;
    this.records = new RecordSet(records);
  }

  get head(): Head {
    return this.#head;
  }

  /** When the head was committed, RFC 3339 UTC with milliseconds. */
  get at(): string {
    return this.#at;
  }

  get cursor(): string {
    return cursorOf(this.#head);
  }

  /** What is in force in an environment; an unknown name gives an empty one. */
  environment(name: string): EnvironmentView {
    let view = this.#environments.get(name);
    if (!view) {
      view = EnvironmentView.of(this.records, name);
      if (this.records.environment(name)) this.#environments.set(name, view);
    }
    return view;
  }

  apply(commit: DurableCommit): void {
    const before = this.#environments;
    for (const record of commit.records) this.records.apply(record);
    this.#head = commit.head;
    this.#at = commit.at;
    if (commit.plan.structural) this.#environments = new Map();
    else {
      for (const { kind, environment, key, after } of commit.plan.effective) {
        const view = this.#environments.get(environment);
        if (!view) continue;
        if (kind !== "value") view.setDefinition(kind, key, after);
        else {
          const metadata = leafOf(this.records, key)?.metadata;
          if (metadata && !metadata.sensitive) view.setValue(key, after, metadata.client);
        }
      }
    }
    for (const follower of this.#followers) follower({ commit, before: (name) => before.get(name) });
  }

  /** Calls the follower after each commit was applied, in order. Returns what stops it. */
  follow(follower: (step: ViewStep) => void): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }
}
