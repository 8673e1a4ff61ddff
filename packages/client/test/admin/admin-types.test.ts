import { expectTypeOf, test } from "vitest";
import type { Admin } from "../../src/admin/index.ts";

test("calls are typed by the route table", () => {
  const shape = (admin: Admin) => ({
    list: admin.call("listEnvironments"),
    value: admin.call("readValue", { params: { environment: "base", key: "a.b" } }),
    unchanged: admin.call("readConfig", { params: { environment: "base" }, headers: { "if-none-match": '"1"' } }),
    write: admin.call("writeValue", { params: { environment: "base", key: "a.b" }, body: { value: 7, comment: "why" } }),
    batch: admin.call("commitBatch", { query: { preview: true }, body: { changes: [{ environment: "base", key: "a.b", value: 1 }] } }),
    // @ts-expect-error a path without its parameters is no path
    missing: admin.call("readValue"),
    // @ts-expect-error the stream is no call
    stream: admin.call("openStream"),
    // @ts-expect-error a parameter that the route does not take
    query: admin.call("listRevisions", { query: { since: 4 } }),
    // @ts-expect-error a write needs its body
    empty: admin.call("writeValue", { params: { environment: "base", key: "a.b" } }),
  });
  type Shape = ReturnType<typeof shape>;
  type BodyOf<Name extends keyof Shape> = Awaited<Shape[Name]>["body"];
  expectTypeOf<BodyOf<"list">["environments"][number]["isProduction"]>().toEqualTypeOf<boolean>();
  expectTypeOf<BodyOf<"value">["version"]>().toEqualTypeOf<number>();
  expectTypeOf<undefined>().toExtend<BodyOf<"unchanged">>();
  expectTypeOf<undefined>().not.toExtend<BodyOf<"write">>();
});
