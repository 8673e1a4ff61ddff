/** How much may come in: so much a second, and so much at once after a quiet time. */
export interface AllowanceLimits {
  readonly perSecond: number;
  readonly burst: number;
}

/** Whether a cost is still within the limits; costs that are refused are not counted. */
export type Allowance = (cost: number) => boolean;

/** @param now milliseconds that never go back */
export function createAllowance({ perSecond, burst }: AllowanceLimits, now: () => number): Allowance {
  let left = burst;
  let at = now();
  return (cost) => {
    const moment = now();
    left = Math.min(burst, left + ((moment - at) / 1_000) * perSecond);
    at = moment;
    if (cost > left) return false;
    left -= cost;
    return true;
  };
}
