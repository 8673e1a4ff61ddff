/** What bounds the daemon's HTTP side; a test may hand in smaller ones. */
export interface HttpLimits {
  /** How long a request may take to arrive, its body included. */
  readonly requestTimeoutMs: number;
  /** How long an answer may take to leave, from when it was made; then its connection is cut. */
  readonly answerTimeoutMs: number;
  /** Bytes of answers made and not left, over all connections; beyond it large reads are refused as `rate_limited`. */
  readonly unsentBytesMax: number;
  /** Wrong tokens from one address within `wrongTokensWindowMs` that are told so; further ones are `rate_limited`. */
  readonly wrongTokensMax: number;
  readonly wrongTokensWindowMs: number;
  /** Addresses of which wrong tokens are counted; beyond it the one that was heard of longest ago is forgotten. */
  readonly addressesMax: number;
}

export const defaultHttpLimits: HttpLimits = {
  requestTimeoutMs: 60_000,
  answerTimeoutMs: 60_000,
  unsentBytesMax: 256 * 1024 * 1024,
  wrongTokensMax: 100,
  wrongTokensWindowMs: 10_000,
  addressesMax: 10_000,
};
