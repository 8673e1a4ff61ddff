import { RecordSet } from "@setpoint/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { permitted } from "../../src/engine/batch-answer.ts";
import { serve, type Served } from "../serve.ts";

let daemon: Served;
beforeAll(async () => void (daemon = await serve()));
afterAll(() => daemon.stop());

const value = (key: string, given: unknown, environment = "dev") => ({ environment, key, value: given });

describe("a batch", () => {
  it("is one revision over keys, environments and kinds", async () => {
    const done = await daemon.batch([
      value("shop.maxItems", 20),
      value("shop.maxItems", 21, "base"),
      { kind: "environment", key: "eu", value: { parent: "production" } },
      { environment: "eu", key: "shop.banner", value: "hallo" },
      {
        kind: "flag",
        environment: "base",
        key: "new look",
        value: { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "on" },
      },
    ]);
    expect(done.status).toBe(200);
    expect(done.json.changes.every(({ version }: { version: number }) => version === done.json.revision)).toBe(true);
    expect((await daemon.get(`/v1/revisions/${done.json.revision}`)).json.changes).toHaveLength(5);
    expect((await daemon.get("/v1/environments/eu/config")).json.values).toMatchObject({ "shop.maxItems": 21, "shop.banner": "hallo" });
  });

  it("with one bad item anywhere changes nothing", async () => {
    const good = ["base", "dev", "staging", "production"].map((environment, index) => value("shop.maxItems", 30 + index, environment));
    for (let bad = 0; bad <= good.length; bad += 1) {
      const before = (await daemon.get("/v1/environments/dev/config")).json;
      const refused = await daemon.batch(good.toSpliced(bad, 0, value("mail.from", 7)));
      expect(refused).toMatchObject({ status: 422, json: { issues: [{ key: "mail.from", code: "invalid_parameter_type", received: 7 }] } });
      expect((await daemon.get("/v1/environments/dev/config")).json).toEqual(before);
    }
  });

  it("without effect still gets a revision", async () => {
    const first = await daemon.batch([{ environment: "dev", key: "shop.banner", delete: true }]);
    const second = await daemon.batch([{ environment: "dev", key: "shop.banner", delete: true }]);
    expect(second.json.revision).toBe(first.json.revision + 1);
  });

  it("can be previewed: effects per environment, issues, gates, and nothing written", async () => {
    const head = (await daemon.get("/readyz")).json.revision;
    const fine = await daemon.batch([value("shop.maxItems", 90, "base")], "?preview");
    expect(fine).toMatchObject({ status: 200, json: { valid: true, issues: [], gates: [] } });
    expect(fine.json.effective).toContainEqual({ environment: "staging", key: "shop.maxItems", before: expect.any(Number), after: 90 });
    expect(fine.json.basedOn).toMatch(new RegExp(`^${head}-`));
    const wrong = await daemon.batch(
      [value("shop.maxItems", 900, "base"), { environment: "vault", key: "shop.maxItems", value: 5, ifVersion: 77 }],
      "?preview=",
    );
    expect(wrong).toMatchObject({ status: 200, json: { valid: false, gates: [{ gate: "approval", open: false }] } });
    expect(wrong.json.issues.map(({ code }: { code: string }) => code)).toEqual(["constraint_violation", "version_mismatch"]);
    expect((await daemon.batch([value("shop.maxItems", 5, "nowhere")], "?preview")).status).toBe(404);
    expect((await daemon.get("/readyz")).json.revision).toBe(head);
  });

  it("that would store a sensitive value shows the reason and not the value", async () => {
    const shown = await daemon.batch([value("shop.apiKey", "hunter2")], "?preview");
    expect(shown).toMatchObject({
      status: 200,
      json: { valid: false, changes: [{ key: "shop.apiKey", masked: true }], issues: [{ key: "shop.apiKey" }] },
    });
    expect(shown.text).not.toContain("hunter2");
    const refused = await daemon.batch([value("shop.apiKey", "hunter2")]);
    expect(refused).toMatchObject({ status: 422, json: { code: "secrets_unavailable" } });
    expect(refused.text).not.toContain("hunter2");
    expect((await daemon.batch([value("shop.apiKey", "hunter2"), value("mail.from", 7)])).json.code).toBe("validation_failed");
  });

  it.each([
    ["an empty list", { changes: [] }],
    ["no list", { changes: { length: 1e9 } }],
    ["null", null],
    ["a list", []],
    ["an unknown member", { changes: [{ environment: "dev", key: "shop.maxItems", value: 1 }], actor: "me" }],
    ["both value and delete", { changes: [{ environment: "dev", key: "shop.maxItems", value: 1, delete: true }] }],
    ["neither value nor delete", { changes: [{ environment: "dev", key: "shop.maxItems" }] }],
    ["delete: false", { changes: [{ environment: "dev", key: "shop.maxItems", delete: false }] }],
    ["a value without environment", { changes: [{ key: "shop.maxItems", value: 1 }] }],
    ["a schema with environment", { changes: [{ kind: "schema", environment: "dev", key: "x", value: { type: "object" } }] }],
    ["a kind with a route of its own", { changes: [{ kind: "token", key: "x", value: {} }] }],
    ["the same record twice", { changes: [value("shop.maxItems", 1), value("shop.maxItems", 2)] }],
    ["1,001 changes", { changes: Array.from({ length: 1_001 }, (_, index) => value(`shop.k${index}`, 1)) }],
    ["a comment that is too long", { changes: [value("shop.maxItems", 1)], comment: "x".repeat(2_001) }],
    ["an environment with an unknown setting", { changes: [{ kind: "environment", key: "x", value: { role: "admin" } }] }],
  ])("refuses %s with 400", async (_what, body) => {
    expect(await daemon.call("POST", "/v1/batches", { body })).toMatchObject({ status: 400, json: { code: "invalid_request" } });
  });

  it("is refused with 412 when one ifVersion is stale, naming the key", async () => {
    const refused = await daemon.batch([value("mail.from", "a@example.test"), { ...value("shop.maxItems", 3), ifVersion: 1 }]);
    expect(refused).toMatchObject({
      status: 412,
      json: { code: "version_mismatch", issues: [{ code: "version_mismatch", key: "shop.maxItems", expected: 1 }] },
    });
  });
});

describe("what a role may change", () => {
  const admin = { kind: "token", id: "a", name: "a", role: "admin" } as const;
  const editor = { ...admin, role: "editor" } as const;
  const make = (kind: "value" | "schema" | "environment") => () => ({ ok: true as const, changes: [{ kind, key: "x" }] });

  it("is decided by kind, whatever route or rollback the change comes by", () => {
    const none = new RecordSet();
    expect(permitted(editor, make("value"))(none).ok).toBe(true);
    for (const kind of ["schema", "environment"] as const) {
      expect(permitted(admin, make(kind))(none).ok).toBe(true);
      expect(permitted(editor, make(kind))(none)).toMatchObject({ ok: false, refusal: { code: "access_denied" } });
      expect(permitted({ ...admin, role: "viewer" }, make("value"))(none)).toMatchObject({ ok: false });
    }
  });
});

describe("a hundred writers at once", () => {
  it("all get revisions of their own, in the order of the history, and reads never go back", async () => {
    const before = (await daemon.get("/readyz")).json.revision;
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => daemon.put(index % 5 === 0 ? "shop.nothing" : "shop.delivery.days", index)),
    );
    const revisions = answers.flatMap(({ status, json }) => (status === 200 ? [json.revision] : [])).toSorted((a, b) => a - b);
    expect(revisions).toEqual(Array.from({ length: 80 }, (_, index) => before + 1 + index));
    for (const { json, headers } of answers)
      if (json.revision) expect(Number(headers["setpoint-revision"])).toBeGreaterThanOrEqual(json.revision);
    const last = answers.find(({ json }) => json.revision === before + 80);
    expect((await daemon.get("/v1/environments/dev/values/shop.delivery.days")).json.value).toBe(last?.json.value);
  });

  it("that count with If-Match lose no update", async () => {
    await daemon.put("shop.delivery.days", 0);
    const increment = async (): Promise<void> => {
      for (;;) {
        const { json } = await daemon.get("/v1/environments/dev/values/shop.delivery.days");
        const { status } = await daemon.put("shop.delivery.days", json.value + 1, "dev", { "if-match": `"${json.version}"` });
        if (status === 200) return;
        expect(status).toBe(412);
      }
    };
    await Promise.all(Array.from({ length: 12 }, increment));
    expect((await daemon.get("/v1/environments/dev/values/shop.delivery.days")).json.value).toBe(12);
  });
});
