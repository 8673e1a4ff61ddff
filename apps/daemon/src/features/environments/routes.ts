import { type Environment, isJsonObject, type RecordReader } from "@setpoint/core";
import { answer, type Handlers } from "../../engine/handler.ts";
import type { View } from "../../engine/view.ts";

/** The environments, the default one first, then parents before their children, siblings by name. */
export function environmentRoutes({ view }: { readonly view: View }): Pick<Handlers, "listEnvironments"> {
  return {
    listEnvironments: () => answer({ environments: listed(view.records), revision: view.head.revision }),
  };
}

function listed(records: RecordReader): Environment[] {
  const environments = records.environments();
  const preferred = defaultEnvironment(records);
  const first = environments.filter(({ name }) => name === preferred);
  const visit = (parent: string | null): Environment[] =>
    environments.filter((environment) => environment.parent === parent).flatMap((environment) => [environment, ...visit(environment.name)]);
  return [...first, ...visit(null).filter(({ name }) => name !== preferred)];
}

/** The project's default environment, else the first by name. */
export function defaultEnvironment(records: RecordReader): string | undefined {
  const project = records.record({ kind: "project", key: "file" })?.value;
  const named = project !== undefined && isJsonObject(project) ? project["defaultEnvironment"] : undefined;
  if (typeof named === "string" && records.environment(named)) return named;
  return records.environments()[0]?.name;
}
