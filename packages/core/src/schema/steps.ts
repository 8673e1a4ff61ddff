/** Ends a validation whose steps are used up; `validateValue` makes an issue of it. */
export class StepsUsedUp extends Error {
  override readonly name = "StepsUsedUp";
}

/** The work that may still be done: one step is one subschema held against one value, or about as much work besides. */
export class Steps {
  #left: number;

  constructor(max: number) {
    this.#left = max;
  }

  get left(): number {
    return this.#left;
  }

  /** Takes some; a part of one counts as well. @throws StepsUsedUp when there are not so many left */
  take(count: number): void {
    this.#left -= count;
    if (this.#left < 0) {
      this.#left = 0;
      throw new StepsUsedUp();
    }
  }
}

/** Characters of a text that are gone through in the time of one step. */
export const passedPerStep = 16;
/** Characters of canonical text that are written in the time of one step. */
export const writtenPerStep = 4;
/** Products of a text's characters and a pattern's instructions that are gone through in the time of one step, at worst. */
export const matchedPerStep = 8;
