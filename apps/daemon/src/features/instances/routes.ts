import type { Instance, Instances } from "../../engine/instances.ts";
import { answer, type Handlers } from "../../engine/handler.ts";
import type { View } from "../../engine/view.ts";

/** The connected applications, over HTTP. Browsers and connections that did not say who they are are not listed. */
export function instanceRoutes({ view, instances }: { view: View; instances: Instances }): Pick<Handlers, "listInstances"> {
  const described = (instance: Instance) => {
    const { service, id, sdk, environment, audience, connectedAt, applied, refusal } = instance;
    const last = instance.lastChange();
    return {
      service,
      id,
      sdk,
      environment,
      audience,
      via: [],
      connectedAt,
      applied,
      state: refusal ? "refused" : applied >= last ? "applied" : "lagging",
      ...(refusal && { refusal }),
      schemas: Object.fromEntries(
        Object.entries(instance.schemas).map(([namespace, fingerprint]) => {
          const known = view.records.schema(namespace)?.model.fingerprint;
          return [namespace, { fingerprint, state: known === fingerprint ? "same" : "unknown" }];
        }),
      ),
    };
  };
  return {
    listInstances: () =>
      answer({
        head: view.head.revision,
        instances: instances
          .list()
          .filter(({ id, service }) => id !== "" || service !== "")
          .map(described)
          .sort((a, b) => (`${a.service}\0${a.id}` < `${b.service}\0${b.id}` ? -1 : 1)),
      }),
  };
}
