import { flagRefusal, flagKeyRefusal } from "../flags/flag.ts";
import type { Issue } from "../issue.ts";
import { canonicalJson, isJsonObject, type Json, jsonEqual } from "../json.ts";
import { keyRefusal, namespaceOf, nameRefusal } from "../key.ts";
import type { Change } from "../records/change.ts";
import type { RecordReader } from "../records/record-reader.ts";
import { RecordOverlay } from "../records/record-set.ts";
import { recordIdText, type RecordId } from "../records/record.ts";
import { chainOf, environmentLimits, environmentSettingsRefusal, treeFault } from "../resolve/environments.ts";
import { inheritedLayers } from "../resolve/layers.ts";
import { leafOf, resolveAll, resolveDefinition, resolveDefinitions, resolveKey } from "../resolve/resolve.ts";
import { compileSchema } from "../schema/compile-schema.ts";
import { suggestKey } from "../schema/suggest-key.ts";
import type { BatchChange, BatchLimits, Refusal } from "./batch.ts";
import type { EffectiveChange, Gate, Plan } from "./plan.ts";

export type PlanOutcome = { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly refusal: Refusal };

/**
 * The order in which the changes of one batch take effect: values may need the schema and the environment that come with
 * them, and what is removed goes last.
 */
function inOrder(batch: readonly BatchChange[]): BatchChange[] {
  const place = ({ kind, value }: BatchChange) => {
    if (kind === "environment") return value === undefined ? 5 : 0;
    if (kind === "schema") return value === undefined ? 4 : 1;
    return kind === "value" ? 3 : 2;
  };
  return batch.toSorted((a, b) => place(a) - place(b));
}

/**
 * Plans a batch against the records of one moment, without effect.
 * A malformed batch, an unknown environment or a wrong key is refused outright; what a preview can show (gates, versions, issues) is in the plan.
 * @param revision the revision that the batch would get
 */
export function planBatch(reader: RecordReader, batch: readonly BatchChange[], revision: number, limits: BatchLimits): PlanOutcome {
  const malformed = batchRefusal(batch, limits);
  if (malformed) return { ok: false, refusal: malformed };

  const draft = new RecordOverlay(reader);
  const findings = new Findings();
  const missing = missingEnvironment(reader, batch);
  if (missing !== undefined) return { ok: false, refusal: environmentRefusal(reader, missing) };
  for (const change of inOrder(batch)) {
    const refusal = keyProblem(draft, change);
    if (refusal) return { ok: false, refusal };
    const { refusal: content, apply } = checkContent(reader, draft, change, findings);
    if (content) return { ok: false, refusal: content };
    if (apply) draft.apply({ ...idOf(change), ...(change.value !== undefined && { value: change.value }), revision });
  }
  const structural = batch.some(({ kind }) => kind === "environment" || kind === "schema");
  if (structural) {
    const refusal = structureRefusal(reader, draft, batch);
    if (refusal) return { ok: false, refusal };
    for (const change of batch) if (change.kind === "schema") findings.add(...storedIssues(draft, change.key));
  }
  for (const change of batch) checkVersion(reader, change, findings);

  const plan = {
    changes: batch.map((change) => changeOf(reader, change)),
    effective: effectiveChanges(reader, draft, batch, structural),
    issues: findings.issues,
    gates: gatesOf(reader, batch),
    structural,
  };
  const refusal = verdict(plan, findings, reader);
  return { ok: true, plan: { ...plan, ...(refusal && { refusal }) } };
}

/** What planning finds on its way; bounded, because a batch may hold 200,000 changes. */
class Findings {
  static readonly issuesMax = 1_000;
  readonly issues: Issue[] = [];
  sensitiveKey: string | undefined;
  staleKey: BatchChange | undefined;

  add(...issues: readonly Issue[]): void {
    for (const issue of issues) if (this.issues.length < Findings.issuesMax) this.issues.push(issue);
  }
}

function batchRefusal(batch: readonly BatchChange[], limits: BatchLimits): Refusal | undefined {
  if (batch.length > limits.changesMax) return { code: "too_large", detail: `A batch holds at most ${limits.changesMax} changes.` };
  const seen = new Set<string>();
  for (const { kind, key, value } of batch) {
    if (value === undefined || kind === "schema" || byteLength(value) <= limits.valueBytesMax) continue;
    return { code: "too_large", detail: `The value of "${key}" is larger than ${limits.valueBytesMax} bytes.` };
  }
  for (const change of batch) {
    const id = recordIdText(idOf(change));
    if (seen.has(id)) return { code: "invalid_request", detail: `The ${change.kind} "${change.key}" stands twice in the batch.` };
    seen.add(id);
  }
  return undefined;
}

/** The first environment that a change names and that neither exists nor comes with the batch. */
function missingEnvironment(reader: RecordReader, batch: readonly BatchChange[]): string | undefined {
  const created = new Set(batch.filter(({ kind, value }) => kind === "environment" && value !== undefined).map(({ key }) => key));
  return batch.find(({ environment }) => environment !== undefined && !created.has(environment) && !reader.environment(environment))
    ?.environment;
}

/** Why a key is wrong: its grammar, or that it names a branch. */
function keyProblem(draft: RecordReader, change: BatchChange): Refusal | undefined {
  if (change.kind === "environment" || change.kind === "schema") {
    const refusal = nameRefusal(change.key);
    return refusal === undefined
      ? undefined
      : { code: "invalid_key", detail: `The ${change.kind} name ${JSON.stringify(change.key)} ${refusal}.` };
  }
  const refusal = change.kind === "value" ? keyRefusal(change.key) : flagKeyRefusal(change.key);
  if (refusal !== undefined) return { code: "invalid_key", detail: `The key ${JSON.stringify(change.key)} ${refusal}.` };
  if (change.kind === "value" && !leafOf(draft, change.key) && draft.schema(namespaceOf(change.key))?.model.isBranch(change.key)) {
    return { code: "not_a_leaf", detail: `"${change.key}" is a branch: name a key below it.` };
  }
  return undefined;
}

/** The refusal of an environment that is not there, with the nearest name that is. */
export function environmentRefusal(reader: RecordReader, name: string): Refusal {
  const near = suggestKey(
    name,
    reader.environments().map((environment) => environment.name),
  );
  return {
    code: "environment_not_found",
    detail: `There is no environment "${name}".${near === undefined ? "" : ` Did you mean "${near}"?`}`,
  };
}

function checkContent(
  reader: RecordReader,
  draft: RecordReader,
  change: BatchChange,
  findings: Findings,
): { refusal?: Refusal; apply?: boolean } {
  const { kind, key, value } = change;
  if (kind === "template") return { refusal: { code: "invalid_request", detail: 'The kind "template" is not available yet.' } };
  if (value === undefined) return { apply: true };
  if (kind === "environment") {
    const refusal = environmentSettingsRefusal(value);
    return refusal === undefined
      ? { apply: true }
      : { refusal: { code: "invalid_request", detail: `The environment "${key}" ${refusal}.` } };
  }
  if (kind === "schema") {
    const compiled = isJsonObject(value) && reader.schema(key)?.model.document === value ? undefined : compileSchema(key, value);
    if (compiled && !compiled.ok) {
      findings.add(...compiled.issues);
      return { apply: false };
    }
    return { apply: true };
  }
  if (kind === "flag" || kind === "segment") {
    const refusal = kind === "flag" ? flagRefusal(value) : undefined;
    if (refusal !== undefined) {
      findings.add(issueAt(change, "constraint_violation", `The flag "${key}" ${refusal}.`, { format: "flagd flag definition" }, value));
      return { apply: false };
    }
    return { apply: true };
  }
  const leaf = leafOf(draft, key);
  if (!leaf) {
    findings.add(unknownKey(draft, change));
    return { apply: false };
  }
  if (leaf.metadata.sensitive && (change.layer ?? "stored") === "stored") {
    findings.sensitiveKey ??= key;
    return { apply: false };
  }
  const issues = leaf.validate(value);
  findings.add(...issues.map((issue) => ({ ...issue, environment: change.environment ?? "" })));
  return { apply: issues.length === 0 };
}

/** An unknown key, with the nearest known one. */
function unknownKey(reader: RecordReader, change: BatchChange): Issue {
  const namespace = namespaceOf(change.key);
  const model = reader.schema(namespace)?.model;
  const near = model ? suggestKey(change.key, model.leaves.keys()) : suggestKey(namespace, reader.namespaces());
  const missing = model ? `The schema of "${namespace}" declares no key "${change.key}".` : `No schema declares the namespace "${namespace}".`;
  return issueAt(
    change,
    "unknown_key",
    near === undefined ? missing : `${missing} Did you mean "${near}"?`,
    near ?? (model ? { namespace } : { namespaces: reader.namespaces() as Json }),
    change.key,
  );
}

function issueAt(change: BatchChange, code: Issue["code"], message: string, expected: Json, received: Json): Issue {
  return {
    severity: "error",
    code,
    environment: change.environment ?? "",
    key: change.key,
    message,
    expected,
    received,
    suggestions: [],
  };
}

/** What a changed tree or a removed schema would break. */
function structureRefusal(reader: RecordReader, draft: RecordReader, batch: readonly BatchChange[]): Refusal | undefined {
  const fault = treeFault(draft.environments());
  if (fault?.kind === "unknown_parent") return { code: "environment_not_found", detail: fault.detail };
  if (fault) {
    const { kind, environment, detail } = fault;
    const code = kind === "circle" ? "circular_dependency" : "constraint_violation";
    const issue = issueAt({ kind: "environment", key: environment }, code, detail, { depthMax: environmentLimits.depthMax, environmentsMax: environmentLimits.environmentsMax }, environment);
    return { code: "validation_failed", detail, issues: [issue] };
  }
  if (draft.environments().length === 0) return { code: "invalid_request", detail: "The last environment stays." };
  for (const change of batch) {
    if (change.kind !== "environment" || change.value !== undefined || !reader.environment(change.key)) continue;
    for (const kind of ["value", "flag", "segment"] as const) {
      for (const record of draft.recordsOf(kind, change.key)) {
        if (record.value === undefined) continue;
        return {
          code: "conflicting_change",
          detail: `The environment "${change.key}" still stores the ${kind} "${record.key}"; delete what it stores first.`,
        };
      }
    }
  }
  return undefined;
}

/** Every stored value of a namespace that its schema, as drafted, refuses; hidden ones too. */
function storedIssues(draft: RecordReader, namespace: string): Issue[] {
  const issues: Issue[] = [];
  for (const environment of [...draft.environments().map(({ name }) => name), undefined]) {
    for (const record of draft.recordsOf("value", environment)) {
      if (record.value === undefined || namespaceOf(record.key) !== namespace) continue;
      const leaf = leafOf(draft, record.key);
      const place: BatchChange = { kind: "value", key: record.key, ...(environment !== undefined && { environment }) };
      if (!leaf) issues.push({ ...unknownKey(draft, place), message: `The stored value of "${record.key}" would lose its declaration.` });
      else if (leaf.metadata.sensitive && record.layer === "stored") {
        issues.push(issueAt(place, "constraint_violation", `"${record.key}" is stored and cannot become sensitive.`, { sensitive: false }, null));
      } else {
        for (const issue of leaf.validate(record.value)) {
          issues.push({ ...issue, environment: environment ?? "", message: `The stored value would become invalid: ${issue.message}` });
        }
      }
    }
  }
  return issues;
}

function checkVersion(reader: RecordReader, change: BatchChange, findings: Findings): void {
  if (change.ifVersion === undefined && !change.ifAbsent) return;
  const own = reader.record(idOf(change));
  const version = change.kind === "value" ? (resolveKey(reader, change.environment ?? "", change.key)?.version ?? 0) : own?.value === undefined ? 0 : own.revision;
  if (change.ifAbsent && own?.value !== undefined) {
    findings.staleKey ??= change;
    findings.add(issueAt(change, "version_mismatch", `"${change.key}" is already stored in "${change.environment}".`, 0, version));
  }
  if (change.ifVersion !== undefined && change.ifVersion !== version) {
    findings.staleKey ??= change;
    findings.add(
      issueAt(change, "version_mismatch", `"${change.key}" is at version ${version}, not ${change.ifVersion}.`, change.ifVersion, version),
    );
  }
}

function changeOf(reader: RecordReader, change: BatchChange): Change {
  const before = reader.record(idOf(change))?.value;
  return {
    ...idOf(change),
    ...(before !== undefined && { before }),
    ...(change.value !== undefined && { after: change.value }),
  };
}

function gatesOf(reader: RecordReader, batch: readonly BatchChange[]): Gate[] {
  const names = new Set<string>();
  for (const change of batch) {
    // An environment's own record names no environment: lifting the gate is an administrator's change of that record.
    if (change.environment !== undefined) names.add(change.environment);
  }
  return [...names]
    .filter((name) => reader.environment(name)?.approvalRequired)
    .sort()
    .map((name) => ({
      gate: "approval",
      environment: name,
      open: false,
      reason: `The environment "${name}" takes approved changes only.`,
      clearedBy: "an approval; until approvals exist, setting approvalRequired to false on the environment",
    }));
}

/** The first reason that stands against a commit, in the order of the wire contract: approval, versions, then the contents. */
function verdict(plan: Omit<Plan, "refusal">, findings: Findings, reader: RecordReader): Refusal | undefined {
  const closed = plan.gates.find((gate) => !gate.open);
  if (closed) return { code: "approval_required", detail: closed.reason };
  if (findings.staleKey) {
    const { environment, key, kind } = findings.staleKey;
    const resolved = kind === "value" ? resolveKey(reader, environment ?? "", key) : undefined;
    const record = kind === "value" ? undefined : reader.record(idOf(findings.staleKey));
    const value = kind === "value" ? resolved?.value : record?.value;
    return {
      code: "version_mismatch",
      detail: plan.issues.find((issue) => issue.code === "version_mismatch")?.message ?? `"${key}" has changed meanwhile.`,
      issues: plan.issues.filter((issue) => issue.code === "version_mismatch"),
      current: {
        ...(value !== undefined && !resolved?.leaf.metadata.sensitive && { value }),
        version: resolved?.version ?? (record?.value === undefined ? 0 : record.revision),
      },
    };
  }
  const errors = plan.issues.filter((issue) => issue.severity === "error");
  if (errors.length > 0) {
    const [first] = errors as [Issue];
    return {
      code: "validation_failed",
      detail: `${first.key}: ${first.message}${errors.length === 1 ? "" : ` (and ${errors.length - 1} more)`}`,
      issues: plan.issues,
    };
  }
  if (findings.sensitiveKey !== undefined) {
    return {
      code: "secrets_unavailable",
      detail: `"${findings.sensitiveKey}" is sensitive; until sealed storage exists it takes overrides of the application's own process only.`,
    };
  }
  return undefined;
}

/** What every environment would see differently. With a changed schema or tree everything is compared, else only what was touched. */
function effectiveChanges(
  reader: RecordReader,
  draft: RecordReader,
  batch: readonly BatchChange[],
  structural: boolean,
): EffectiveChange[] {
  if (structural) return compareAll(reader, draft);
  const effective: EffectiveChange[] = [];
  // Two changes of one key, in a parent and in its child, meet in the child: it is told once.
  const told = new Set<string>();
  for (const change of batch) {
    const places =
      change.environment === undefined
        ? draft.environments().map(({ name }) => name)
        : change.kind !== "value" || inheritedLayers.has(change.layer ?? "stored")
          ? heirsOf(draft, change.environment)
          : [change.environment];
    for (const environment of places) {
      const place = `${change.kind}\0${environment}\0${change.key}`;
      if (told.has(place)) continue;
      told.add(place);
      const [before, after] = [reader, draft].map((state) =>
        change.kind === "value"
          ? resolveKey(state, environment, change.key)?.value
          : resolveDefinition(state, change.kind as "flag" | "segment", environment, change.key)?.value,
      );
      if (!jsonEqual(before, after)) effective.push(effectiveChange(change.kind as EffectiveChange["kind"], environment, change.key, before, after));
    }
  }
  return effective;
}

/** The environments whose chain holds a name: itself and its synced descendants. */
export function heirsOf(reader: RecordReader, name: string): string[] {
  return reader
    .environments()
    .map((environment) => environment.name)
    .filter((heir) => chainOf(heir, (other) => reader.environment(other)).includes(name));
}

function compareAll(reader: RecordReader, draft: RecordReader): EffectiveChange[] {
  const effective: EffectiveChange[] = [];
  const names = new Set([...reader.environments(), ...draft.environments()].map(({ name }) => name));
  for (const environment of [...names].sort()) {
    const values = [reader, draft].map((state) => new Map([...resolveAll(state, environment)].map(([key, { value }]) => [key, value])));
    effective.push(...compare("value", environment, values[0] as Map<string, Json>, values[1] as Map<string, Json>));
    for (const kind of ["flag", "segment"] as const) {
      effective.push(...compare(kind, environment, resolveDefinitions(reader, kind, environment), resolveDefinitions(draft, kind, environment)));
    }
  }
  return effective;
}

function compare(
  kind: EffectiveChange["kind"],
  environment: string,
  before: ReadonlyMap<string, Json>,
  after: ReadonlyMap<string, Json>,
): EffectiveChange[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  return keys
    .filter((key) => !jsonEqual(before.get(key), after.get(key)))
    .map((key) => effectiveChange(kind, environment, key, before.get(key), after.get(key)));
}

function effectiveChange(
  kind: EffectiveChange["kind"],
  environment: string,
  key: string,
  before: Json | undefined,
  after: Json | undefined,
): EffectiveChange {
  return { kind, environment, key, ...(before !== undefined && { before }), ...(after !== undefined && { after }) };
}

function idOf(change: BatchChange): RecordId {
  return {
    kind: change.kind,
    ...(change.environment !== undefined && { environment: change.environment }),
    ...(change.kind === "value" && { layer: change.layer ?? "stored" }),
    key: change.key,
  };
}

/** Bytes of a value's canonical text in UTF-8; of small ones only their characters, which is near enough to every limit. */
function byteLength(value: Json): number {
  const text = canonicalJson(value);
  return text.length < 1_000 ? text.length : new TextEncoder().encode(text).length;
}
