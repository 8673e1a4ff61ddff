/** Numbers in [-1, 1) from one 32-bit state: the same seed gives the same reservoir on every machine. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    // Marsaglia's xorshift with the triple (13, 17, 5): every state but 0 is visited.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 31 - 1;
  };
}
