import type { JsonObject } from "../json.ts";
import type { DefinedSchema } from "./define-schema.ts";

/** One environment of a project; without `parent` it is a root. */
export interface EnvironmentConfig {
  readonly name: string;
  readonly parent?: string;
  readonly description?: string;
  readonly isProduction?: boolean;
  readonly approvalRequired?: boolean;
  readonly autoSync?: boolean;
}

/** What `setpoint.config.ts` exports. */
export interface SetpointConfig {
  /** Without any there is one environment, `base`. */
  readonly environments?: readonly EnvironmentConfig[];
  /** Without it the first environment. */
  readonly defaultEnvironment?: string;
  /** By namespace: what `defineSchema` returns, or JSON Schema 2020-12. */
  readonly schemas?: Readonly<Record<string, DefinedSchema | JsonObject>>;
  readonly sources?: JsonObject;
  /** What the parameter API serves. */
  readonly parameterApi?: { readonly namespace?: string; readonly environment?: string };
}

/** Returns its argument, typed: `ConfigOf<typeof config>` is then the tree that a client shows. */
export function defineConfig<const C extends SetpointConfig>(config: C): C {
  return config;
}

/** A type with every member readonly, through and through. */
export type DeepReadonly<T> = T extends readonly unknown[] | object ? { readonly [Member in keyof T]: DeepReadonly<T[Member]> } : T;

/** The configuration tree of a project: what each namespace's keys hold, `unknown` where its schema is plain JSON Schema. */
export type ConfigOf<C extends SetpointConfig> = {
  readonly [Namespace in keyof C["schemas"]]: C["schemas"][Namespace] extends DefinedSchema<infer T>
    ? DeepReadonly<T["_zod"]["output"]>
    : unknown;
};
