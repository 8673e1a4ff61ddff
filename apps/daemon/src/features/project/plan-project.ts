import {
  type BatchChange,
  type Change,
  isJsonObject,
  type Json,
  jsonEqual,
  type JsonObject,
  type ProjectDocument,
  type RecordReader,
} from "@setpoint/core";

const projectRecord = { kind: "project", key: "file" } as const;

/** What a project file asks of the store. */
export interface ProjectWish {
  readonly changes: readonly BatchChange[];
  /** The file as committed, so that the next start can tell whether the file has changed. */
  readonly control: readonly Change[];
}

/**
 * What to commit so that the store follows the project file: only what differs from the file as last committed, so that what was
 * edited in the store since stays. `undefined` = the file says what it said. Environments and schemas missing from the file are kept.
 */
export function planProject(records: RecordReader, project: ProjectDocument): ProjectWish | undefined {
  const last = records.record(projectRecord)?.value;
  const document = project as unknown as JsonObject;
  if (jsonEqual(last, document)) return undefined;
  const lastEnvironments = namedSettings(last);
  const lastSchemas: Readonly<Record<string, Json>> =
    last !== undefined && isJsonObject(last) && isJsonObject(last["schemas"] ?? null) ? (last["schemas"] as JsonObject) : {};
  const changes: BatchChange[] = [];
  for (const { name, ...settings } of project.environments) {
    if (!jsonEqual(lastEnvironments.get(name), settings) || !records.environment(name)) {
      changes.push({ kind: "environment", key: name, value: settings });
    }
  }
  for (const [namespace, schema] of Object.entries(project.schemas)) {
    if (!jsonEqual(lastSchemas[namespace], schema)) changes.push({ kind: "schema", key: namespace, value: schema });
  }
  return { changes, control: [{ ...projectRecord, ...(last !== undefined && { before: last }), after: document }] };
}

function namedSettings(project: Json | undefined): ReadonlyMap<string, Json> {
  const list = project !== undefined && isJsonObject(project) && Array.isArray(project["environments"]) ? project["environments"] : [];
  return new Map((list as readonly JsonObject[]).map(({ name, ...settings }) => [name as string, settings as Json]));
}
