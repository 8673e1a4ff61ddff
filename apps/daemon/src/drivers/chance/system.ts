import { randomBytes } from "node:crypto";
import type { Chance } from "../../ports/chance.ts";

/** Salts come many at a time: one call to the system's generator serves a few hundred. */
export function createSystemChance(): Chance {
  let pool = "";
  return {
    hex(bytes) {
      if (pool.length < bytes * 2) pool = randomBytes(Math.max(bytes, 8_192)).toString("hex");
      const taken = pool.slice(0, bytes * 2);
      pool = pool.slice(bytes * 2);
      return taken;
    },
  };
}
