import { environmentRefusal, explainKey, keyRefusal, namespaceOf } from "@setpoint/core";
import { answer, type Handlers, refuse } from "../../engine/handler.ts";
import type { Reading } from "../../engine/reading.ts";
import type { View } from "../../engine/view.ts";

/** Where a value comes from, over HTTP. */
export function explainRoutes({ view, reading }: { view: View; reading: Reading }): Pick<Handlers, "explainValue"> {
  return {
    explainValue: async ({ params: { environment, key }, query }) => {
      const revision = query.revision ?? view.head.revision;
      if (revision > view.head.revision)
        return refuse({ code: "revision_not_found", detail: `The newest revision is ${view.head.revision}.` });
      const state = query.revision === undefined ? view.records : await reading.stateAt(revision);
      if (!state.environment(environment)) return refuse(environmentRefusal(state, environment));
      const wrong = keyRefusal(key);
      if (wrong !== undefined) return refuse({ code: "invalid_key", detail: `The key ${JSON.stringify(key)} ${wrong}.` });
      const explained = explainKey(state, environment, key);
      if (!explained) {
        return state.schema(namespaceOf(key))?.model.isBranch(key)
          ? refuse({ code: "not_a_leaf", detail: `"${key}" is a branch: name a key below it.` })
          : refuse({ code: "configuration_not_found", detail: `No schema declares the key "${key}".` });
      }
      const { resolved, leaf } = explained;
      const isMasked = leaf.metadata.sensitive;
      const candidates = await Promise.all(
        explained.candidates.map(async ({ layer, environment: place, value, record, wins }) => {
          const set = record && (await reading.setBy(record.revision));
          return {
            layer,
            ...(place !== undefined && { environment: place }),
            ...(layer === "default" && { source: `schema of ${namespaceOf(key)}` }),
            ...(!isMasked && { value }),
            ...(set && { set }),
            wins,
          };
        }),
      );
      return answer({
        environment,
        key,
        ...(resolved && !isMasked && { value: resolved.value }),
        version: resolved?.version ?? 0,
        candidates,
        clamps: [],
        ...(isMasked && { masked: true }),
      });
    },
  };
}
