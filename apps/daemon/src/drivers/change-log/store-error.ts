import type { ErrorCode } from "@setpoint/core";

/**
 * A fault in the store's thread; the other side makes a SetpointError of it. It is a class of its own so that the thread
 * loads nothing but the store: that is the larger part of its start and of its memory.
 */
export class StoreError extends Error {
  readonly code: ErrorCode;
  override readonly name = "StoreError";

  constructor(code: ErrorCode, detail: string, options?: { cause?: unknown }) {
    super(detail, options);
    this.code = code;
  }
}
