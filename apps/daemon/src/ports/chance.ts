/** Where salts and ids come from. */
export interface Chance {
  /** Lower-case hex of so many random bytes. */
  hex(bytes: number): string;
}
