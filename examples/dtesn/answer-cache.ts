/** Answers that are kept at once; the oldest goes first. */
export const answersMax = 1_000;

/** Remembers answers for a while. How long is asked at every look, so that a new limit also holds for what is already kept. */
export interface AnswerCache<Answer> {
  readonly size: number;
  /** What was kept less than `ttlSeconds` ago. */
  find(key: string, ttlSeconds: number): Answer | undefined;
  keep(key: string, answer: Answer): void;
  clear(): void;
}

/** @param now milliseconds of a clock that never goes back */
export function createAnswerCache<Answer>(now: () => number): AnswerCache<Answer> {
  const kept = new Map<string, { readonly answer: Answer; readonly since: number }>();
  return {
    get size() {
      return kept.size;
    },
    find(key, ttlSeconds) {
      const entry = kept.get(key);
      return entry && now() - entry.since < ttlSeconds * 1_000 ? entry.answer : undefined;
    },
    keep(key, answer) {
      kept.delete(key);
      kept.set(key, { answer, since: now() });
      const [oldest] = kept.keys();
      if (kept.size > answersMax && oldest !== undefined) kept.delete(oldest);
    },
    clear: () => kept.clear(),
  };
}
