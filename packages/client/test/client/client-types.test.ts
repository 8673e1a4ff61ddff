import type { Json } from "@setpoint/core";
import { expectTypeOf, test } from "vitest";
import type { Client, KeyOf, ServerClient, ValueAt } from "../../src/types.ts";

interface Config {
  readonly shop: {
    readonly maxItems: number;
    readonly title?: string;
    readonly hours: { readonly open: readonly [number, number]; readonly days: readonly string[] };
    readonly limits: { readonly [name: string]: number };
    readonly anything: Record<never, never>;
    readonly payment: { readonly kind: "card"; readonly brand: string } | { readonly kind: "cash" } | null;
  };
  readonly mail: { readonly sender: string | null; readonly isOn: boolean };
}

test("keys are the leaves of a typed tree", () => {
  expectTypeOf<KeyOf<Config>>().toEqualTypeOf<
    | "shop.maxItems"
    | "shop.title"
    | "shop.hours.open"
    | "shop.hours.days"
    | "shop.limits"
    | `shop.limits.${string}`
    | "shop.anything"
    | "shop.payment"
    | "mail.sender"
    | "mail.isOn"
  >();
});

test("values have the type of their leaf", () => {
  expectTypeOf<ValueAt<Config, "shop.maxItems">>().toEqualTypeOf<number>();
  expectTypeOf<ValueAt<Config, "shop.title">>().toEqualTypeOf<string | undefined>();
  expectTypeOf<ValueAt<Config, "shop.hours.open">>().toEqualTypeOf<readonly [number, number]>();
  expectTypeOf<ValueAt<Config, "shop.limits.cpu">>().toEqualTypeOf<number>();
  expectTypeOf<ValueAt<Config, "mail.sender">>().toEqualTypeOf<string | null>();
  expectTypeOf<ValueAt<Config, "mail.nothing">>().toEqualTypeOf<unknown>();
});

test("a client reads by key with the key's type", () => {
  const reads = (client: Client<Config>) => ({
    typed: client.get("shop.maxItems"),
    free: client.get("not.known"),
    handle: client.handle("mail.isOn"),
    tree: client.config.shop.hours.days,
    scoped: client.scope({ user: "42" }).config.mail.sender,
  });
  type Reads = ReturnType<typeof reads>;
  expectTypeOf<Reads["typed"]>().toEqualTypeOf<number>();
  expectTypeOf<Reads["free"]>().toEqualTypeOf<Json | undefined>();
  expectTypeOf<Reads["handle"]["value"]>().toEqualTypeOf<boolean>();
  expectTypeOf<Reads["tree"]>().toEqualTypeOf<readonly string[]>();
  expectTypeOf<Reads["scoped"]>().toEqualTypeOf<string | null>();
});

test("a client of no known type takes every key", () => {
  const reads = (client: ServerClient) => client.get("any.key");
  expectTypeOf<ReturnType<typeof reads>>().toExtend<unknown>();
  expectTypeOf<ServerClient<Config>>().toExtend<Client<Config>>();
});
