import { LRUCache } from "lru-cache";
import type { HttpLimits } from "./http-limits.ts";

/** Counts the wrong tokens that each address presents, so that guessing is slow. */
export class WrongTokens {
  readonly #limits: HttpLimits;
  readonly #now: () => number;
  readonly #addresses: LRUCache<string, { count: number; readonly since: number }>;

  constructor(limits: HttpLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    this.#addresses = new LRUCache({ max: limits.addressesMax });
  }

  /** Counts one more. @returns whether it is one too many */
  add(address: string): boolean {
    const now = this.#now();
    const known = this.#addresses.get(address);
    const isCurrent = known !== undefined && now >= known.since && now - known.since < this.#limits.wrongTokensWindowMs;
    if (!isCurrent) this.#addresses.set(address, { count: 1, since: now });
    else if (known.count >= this.#limits.wrongTokensMax) return true;
    else known.count += 1;
    return false;
  }
}
