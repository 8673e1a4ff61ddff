import type { RecordReader } from "../records/record-reader.ts";
import { resolveKey } from "../resolve/resolve.ts";
import type { BatchChange } from "./batch.ts";
import { idOf } from "./batch-form.ts";
import { type Findings, issueAt } from "./findings.ts";

/** Holds a change to the version its sender saw: of a value the resolved one, of other kinds the record's revision. */
export function checkVersion(reader: RecordReader, change: BatchChange, findings: Findings): void {
  if (change.ifVersion === undefined && !change.ifAbsent) return;
  const own = reader.record(idOf(change));
  const version =
    change.kind === "value"
      ? (resolveKey(reader, change.environment ?? "", change.key)?.version ?? 0)
      : own?.value === undefined
        ? 0
        : own.revision;
  if (change.ifAbsent && own?.value !== undefined) {
    findings.staleKey ??= change;
    findings.add([issueAt(change, "version_mismatch", `"${change.key}" is already stored in "${change.environment}".`, 0, version)]);
  }
  if (change.ifVersion !== undefined && change.ifVersion !== version) {
    findings.staleKey ??= change;
    findings.add([
      issueAt(change, "version_mismatch", `"${change.key}" is at version ${version}, not ${change.ifVersion}.`, change.ifVersion, version),
    ]);
  }
}
