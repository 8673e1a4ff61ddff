import { type ConfigTree, emptyTree, type Json, patchTree } from "@setpoint/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("patchTree", () => {
  it("nests, freezes, and keeps what did not change", () => {
    const first = patchTree(
      emptyTree,
      [
        ["a.b", 1],
        ["a.c", { x: [1] }],
        ["d.e", 2],
      ],
      [],
    );
    expect(first).toEqual({ a: { b: 1, c: { x: [1] } }, d: { e: 2 } });
    const second = patchTree(first, [["a.b", 3]], []);
    expect(second["d"]).toBe(first["d"]);
    expect((second["a"] as ConfigTree)["c"]).toBe((first["a"] as ConfigTree)["c"]);
    expect(first).toEqual({ a: { b: 1, c: { x: [1] } }, d: { e: 2 } });
    expect(() => ((second["a"] as { b: number }).b = 9)).toThrow(TypeError);
    expect(() => (((second["a"] as ConfigTree)["c"] as unknown as { x: number[] }).x[0] = 9)).toThrow(TypeError);
  });

  it("is the same tree when nothing is patched", () => {
    const tree = patchTree(emptyTree, [["a.b", 1]], []);
    expect(patchTree(tree, [], [])).toBe(tree);
  });

  it("reads names of Object.prototype as what they are: absent, unless set", () => {
    const tree = patchTree(
      emptyTree,
      [
        ["a.toString", 1],
        ["valueOf.x", 2],
      ],
      [],
    );
    expect(Object.keys(tree)).toEqual(["a", "valueOf"]);
    expect((tree["a"] as ConfigTree)["toString"]).toBe(1);
    expect((tree["valueOf"] as ConfigTree)["x"]).toBe(2);
  });

  it("holds the same flat values as a Map, whatever the sequence", () => {
    const key = fc.constantFrom("a.b", "a.c", "a.d.e", "f.g", "f.h.i.j", "k.l");
    const step = fc.record({ set: fc.uniqueArray(fc.tuple(key, fc.integer()), { selector: ([name]) => name }), unset: fc.array(key) });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const model = new Map<string, Json>();
        let tree = emptyTree;
        for (const { set, unset } of steps) {
          for (const name of unset) model.delete(name);
          for (const [name, value] of set) model.set(name, value);
          tree = patchTree(tree, set, unset);
        }
        expect(new Map(flat(tree, ""))).toEqual(model);
      }),
    );
  });
});

function flat(branch: ConfigTree, prefix: string): [string, Json][] {
  return Object.entries(branch).flatMap(([name, value]) =>
    typeof value === "object" ? flat(value as ConfigTree, `${prefix}${name}.`) : [[`${prefix}${name}`, value] as [string, Json]],
  );
}
