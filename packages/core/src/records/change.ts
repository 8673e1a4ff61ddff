import type { Json } from "../json.ts";
import type { RecordId } from "./record.ts";

/** What happened to one record: `before` and `after` are the record's own values, absent = not stored. */
export interface Change extends RecordId {
  readonly before?: Json;
  readonly after?: Json;
}

/** Who acts. Names are shown, ids are recorded in the chain. */
export interface Principal {
  readonly kind: "user" | "token" | "system";
  readonly id: string;
  readonly name: string;
}
