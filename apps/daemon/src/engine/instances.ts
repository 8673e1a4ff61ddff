import type { AckFrame } from "@setpoint/protocol";

/** A connected application, as its subscription and acknowledgements describe it. */
export interface Instance {
  readonly service: string;
  readonly id: string;
  readonly sdk: string;
  readonly environment: string;
  readonly audience: "server" | "client";
  /** RFC 3339 UTC with milliseconds. */
  readonly connectedAt: string;
  /** The revision it last reported as applied; 0 = none yet. */
  readonly applied: number;
  readonly refusal?: { readonly revision: number; readonly code: string; readonly reason: string; readonly keys: readonly string[] };
  readonly schemas: Readonly<Record<string, string>>;
  /** The revision of the last change frame of its projection. */
  readonly lastChange: () => number;
}

export const instanceLimits = {
  /** Instances listed; connections beyond are served but not listed. */
  instancesMax: 20_000,
} as const;

/** The connected instances, in memory only. */
export class Instances {
  readonly #instances = new Map<symbol, Instance>();
  readonly #headRevision: () => number;

  constructor(headRevision: () => number) {
    this.#headRevision = headRevision;
  }

  list(): readonly Instance[] {
    return [...this.#instances.values()];
  }

  /** A subscription began or was replaced on a connection. */
  subscribed(connection: symbol, instance: Omit<Instance, "applied" | "refusal">): void {
    if (this.#instances.size >= instanceLimits.instancesMax && !this.#instances.has(connection)) return;
    this.#instances.set(connection, { ...instance, applied: this.#instances.get(connection)?.applied ?? 0 });
  }

  /** What is acknowledged beyond the head was never sent, and is ignored. */
  acknowledged(connection: symbol, ack: AckFrame): void {
    const instance = this.#instances.get(connection);
    if (!instance) return;
    const revision = Number.parseInt(ack.cursor, 10);
    if (revision > this.#headRevision()) return;
    if (ack.status === "applied") {
      const { refusal: _, ...rest } = instance;
      this.#instances.set(connection, { ...rest, applied: revision });
    } else {
      const refusal = { revision, code: "refused", reason: ack.reason ?? "", keys: ack.keys ?? [] };
      this.#instances.set(connection, { ...instance, refusal });
    }
  }

  gone(connection: symbol): void {
    this.#instances.delete(connection);
  }
}
