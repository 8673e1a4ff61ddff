import { describe, expect, test } from "vitest";
import { type Json, RecordSet, type SchemaModel } from "../../src/index.ts";
import { compiledSchemaLimits } from "../../src/schema/compiled-schema.ts";

/** The model that records read anew hold; two models of one compilation share their leaves. */
function model(namespace: string, document: Json): SchemaModel {
  const records = new RecordSet([{ kind: "schema", key: namespace, value: structuredClone<Json>(document), revision: 1 }]);
  return records.schema(namespace)?.model as SchemaModel;
}

function document(name: string, description = ""): Json {
  return { type: "object", properties: { [name]: { type: "integer", description } } };
}

describe("a schema that is read anew", () => {
  test("is compiled once per namespace and text, whatever the order of its members", () => {
    const { leaves } = model("one", document("port"));
    expect(model("one", document("port")).leaves).toBe(leaves);
    const reordered = { properties: { port: { description: "", type: "integer" } }, type: "object" };
    expect(model("one", reordered).leaves).toBe(leaves);
    expect(Object.keys(model("one", reordered).document)).toEqual(["properties", "type"]);
    expect(model("one", document("port", "TCP")).leaves).not.toBe(leaves);
    expect(model("two", document("port")).leaves).not.toBe(leaves);
    expect(model("two", document("port")).leafOf("two.port")?.validate("x")[0]?.key).toBe("two.port");
  });

  test("stays while it is asked for, and goes when many others were", () => {
    const asked = model("one", document("asked")).leaves;
    const forgotten = model("one", document("forgotten")).leaves;
    for (let other = 0; other < compiledSchemaLimits.modelsMax; other += 1) {
      model("one", document(`other${other}`));
      expect(model("one", document("asked")).leaves).toBe(asked);
    }
    expect(model("one", document("forgotten")).leaves).not.toBe(forgotten);
  });

  test("takes no more than its share of text", () => {
    const large = (name: string) => document(name, "x".repeat(1_000_000));
    const first = model("one", large("first")).leaves;
    const many = Math.ceil(compiledSchemaLimits.charactersMax / 1_000_000);
    for (let other = 0; other < many; other += 1) model("one", large(`large${other}`));
    expect(model("one", large("first")).leaves).not.toBe(first);
  });
});
