import { connect } from "node:net";
import { errorCatalogue } from "@setpoint/core";
import { type Route, routes } from "@setpoint/protocol";
import { expect, it } from "vitest";
import { type Reply, serve, type Served, shopProject } from "../serve.ts";

const seed = 20_270_311;
const requests = 19_200;
const rawMessages = 800;
const lanes = 8;

type Chance = () => number;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function createChance(from: number): Chance {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A list of texts without spaces. */
const words = (text: string): string[] => text.split(" ");

const pick = <Item>(chance: Chance, items: readonly Item[]): Item => items[Math.floor(chance() * items.length)] as Item;
const many = <Item>(chance: Chance, most: number, make: () => Item): Item[] =>
  Array.from({ length: Math.floor(chance() * (most + 1)) }, make);

const odd = [...words("__proto__ constructor prototype toString hasOwnProperty a__b 1a - é \u202e * null"), "", "a b"];
const names = [...words("dev dev dev base staging vault nowhere DEV"), "x".repeat(256), "x".repeat(257), ...odd];
const namespaces = [...words("shop fuzz0 fuzz1 fuzz2"), ...odd];
const keys = [
  ...words("shop.maxItems shop.maxItems shop.banner shop.apiKey shop.delivery.days shop.delivery.rules mail.from fuzz0.a"),
  ...words("shop shop.delivery shop.nope nope.x shop..x . shop. shop.__proto__ constructor.prototype.x a__b.c"),
  "a.".repeat(17),
  "k".repeat(257),
  ...odd,
];
const numbers = words("0 1 -1 5 100 101 1e2 0.1 9007199254740991 9007199254740993 1e400 1e-400 -0 01 +1 NaN");
const texts = [...words('"" "x" "\\u0000" "\\ud800" "😀" "\\u2028" "dev" "shop" "<script>" "\\x" "'), `"${"y".repeat(3_000)}"`];
const cursors = [...words("0 1 2 1-0000000000000000 99999 9007199254740993 -1 1e9 0x1 latest 1-"), "", " 1"];
const times = words(
  "2026-01-01T00:00:00Z 9999-12-31T23:59:59-23:59 0000-01-01T00:00:00+23:59 2026-02-30T00:00:00Z 2026-06-30T23:59:60Z now",
);
const parameters: Readonly<Record<string, readonly string[]>> = Object.assign(Object.create(null), {
  keys: words("shop.* ** *.* shop.**,mail.from (a+)+$ **.**.**.**.** , shop.[ __proto__"),
  revision: cursors,
  at: times,
  after: cursors,
  limit: words("1 1000 1001 0 -1 1e3 x"),
  from: cursors,
  to: cursors,
  cursor: cursors,
  key: keys,
  by: names,
  preview: words("true false 1  "),
  environment: names,
  audience: words("server client x"),
  namespaces: words("shop shop,mail , __proto__"),
  user: ["u", ""],
  "a[b]": ["1"],
  "__proto__[x]": ["1"],
  "%ZZ": ["1"],
  "%E0%A4": ["1"],
  token: ["sp_x"],
});

/** JSON text, mostly well-formed; now and then something that only looks like it. */
function jsonText(chance: Chance, depth = 0): string {
  const scalar = () => pick(chance, [...numbers, ...texts, "true", "false", "null"]);
  if (depth > 4 || chance() < 0.5) return scalar();
  if (chance() < 0.02) return "[".repeat(Math.floor(chance() * 200));
  const inner = () => jsonText(chance, depth + 1);
  if (chance() < 0.4) return `[${many(chance, 4, inner).join(",")}]`;
  return `{${many(chance, 4, () => `${JSON.stringify(pick(chance, [...odd, "a", "b", "value"]))}:${inner()}`).join(",")}}`;
}

function schemaText(chance: Chance, depth = 0): string {
  const inner = () => schemaText(chance, depth + 1);
  const keywords: Readonly<Record<string, readonly string[]>> = {
    type: words('"object" "string" "integer" ["string","null"] "x" 1'),
    default: ["1", "null", '"x"', jsonText(chance, 3)],
    minimum: numbers,
    multipleOf: words("0 1e-300 0.1 -1"),
    maxLength: numbers,
    pattern: words('"(a+)+$" "(?=x)" "[" "(x?){900}" "\\\\1"'),
    enum: words('[] [1] [{"a":1}]'),
    const: [jsonText(chance, 3)],
    $ref: words('"#" "#/$defs/a" "http://x"'),
    format: words('"uri" "x"'),
    "x-setpoint-sensitive": words("true 1"),
    "x-setpoint-entries": words('"keys" 1'),
  };
  const isObject = depth === 0 && chance() < 0.8;
  const members = Object.entries(keywords).flatMap(([name, of]) => (chance() < 0.2 ? [`"${name}":${pick(chance, of)}`] : []));
  if (depth < 3 && chance() < 0.7) {
    const properties = many(chance, 3, () => `${JSON.stringify(pick(chance, ["a", "b", ...odd]))}:${inner()}`);
    members.push(`"properties":{${properties.join(",")}}`);
  }
  if (depth < 3 && chance() < 0.2) members.push(`"${pick(chance, words("oneOf anyOf allOf"))}":[${many(chance, 3, inner).join(",")}]`);
  if (depth < 3 && chance() < 0.2) members.push(`"${pick(chance, words("items not additionalProperties propertyNames"))}":${inner()}`);
  const own = isObject ? ['"type":"object"', ...members.filter((member) => !member.startsWith('"type"'))] : members;
  return `{${own.join(",")}}`;
}

function changeText(chance: Chance): string {
  const kind = pick(chance, words("value value value flag segment environment schema template token project __proto__"));
  const flag = '{"state":"ENABLED","variants":{"on":true},"defaultVariant":"on"}';
  const settings = `{"parent":${JSON.stringify(pick(chance, [...names, null]))}}`;
  const value = kind === "flag" ? flag : kind === "environment" ? settings : kind === "schema" ? schemaText(chance) : jsonText(chance, 3);
  const key = pick(chance, kind === "value" ? keys : kind === "schema" ? namespaces : words("f1 f2 f3 f4 f5 f6"));
  const members = [
    ...(kind === "value" && chance() < 0.5 ? [] : [`"kind":"${kind}"`]),
    ...((kind === "environment" || kind === "schema") === chance() < 0.1 ? [`"environment":${JSON.stringify(pick(chance, names))}`] : []),
    `"key":${JSON.stringify(key)}`,
    chance() < 0.2 ? '"delete":true' : `"value":${value}`,
    ...(chance() < 0.1 ? [`"ifVersion":${pick(chance, numbers)}`] : []),
    ...(chance() < 0.03 ? ['"layer":"override"', '"revision":1'] : []),
  ];
  return `{${members.join(",")}}`;
}

function bodyText(chance: Chance, path: string): string {
  if (path.includes("batches")) return `{"changes":[${many(chance, 4, () => changeText(chance)).join(",")}]}`;
  if (path.includes("rollbacks"))
    return `{"${pick(chance, ["to", "to", "revert"])}":${pick(chance, ["0", "1", "2", "3", "99999", '"nightly"', "-1", "1.5"])}}`;
  if (path.includes("schemas")) return schemaText(chance);
  if (path.endsWith("/values")) return `{"shop":${jsonText(chance)},"mail":{"from":${jsonText(chance, 3)}}}`;
  const value = chance() < 0.7 ? pick(chance, words('5 7 "x" "me@example.test"')) : jsonText(chance);
  return `{"value":${value}${chance() < 0.1 ? `,"comment":${jsonText(chance)}` : ""}}`;
}

/** Bytes removed, doubled or replaced here and there. */
function mutated(chance: Chance, text: string): Buffer {
  let bytes = Buffer.from(text);
  for (let left = 1 + Math.floor(chance() * 3); left > 0; left -= 1) {
    const at = Math.floor(chance() * (bytes.length + 1));
    const [from, to] = pick(chance, [
      [at, at + 1],
      [at, at],
      [at, at + 20],
    ] as const);
    const inserted = pick(chance, [Buffer.alloc(0), Buffer.from([Math.floor(chance() * 256)]), bytes.subarray(at, at + 10)]);
    bytes = Buffer.concat([bytes.subarray(0, from), inserted, bytes.subarray(to)]);
  }
  return bytes;
}

interface Malformed {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly raw?: Buffer;
}

/** A request of some route, right or wrong in several places at once; half of them start from what could be accepted. */
function malformed(chance: Chance): Malformed {
  const isCalm = chance() < 0.5;
  const route = pick(chance, Object.values(routes) as Route[]);
  const right = {
    environment: words("dev dev base vault"),
    key: words("shop.maxItems mail.from shop.apiKey"),
    namespace: words("fuzz0 fuzz1"),
    revision: words("1 2"),
  };
  const wrong = { environment: names, key: keys, namespace: namespaces, revision: cursors };
  const values: Record<string, readonly string[]> = isCalm ? right : wrong;
  let path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(pick(chance, values[name] ?? odd)));
  if (!isCalm && chance() < 0.1)
    path = pick(chance, [
      `${path}/`,
      `/${path}`,
      path.toUpperCase(),
      `/${path.slice(1).replaceAll("/", "%2f")}`,
      `${path}/..`,
      `${path};x=1`,
      `${path}%00`,
      `${path}%ff`,
    ]);
  const known = Object.keys((route.query as { shape?: object }).shape ?? {});
  const query = many(chance, isCalm || chance() < 0.5 ? 0 : 2, () => {
    const name = pick(chance, chance() < 0.8 && known.length > 0 ? known : Object.keys(parameters));
    return `${name}=${encodeURIComponent(pick(chance, parameters[name] ?? odd))}`;
  });
  if (chance() < 0.05) query.push(...query, "x");
  const method =
    isCalm || chance() < 0.85 ? route.method : pick(chance, ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"]);
  const headers: Malformed["headers"] = {};
  const taken = [
    route.headers.ifMatch && "if-match",
    route.headers.ifNoneMatch && "if-none-match",
    route.headers.idempotencyKey && "idempotency-key",
  ];
  const sometimes = (share: number, name: string, of: readonly (string | string[] | undefined)[]) => {
    if (chance() < (isCalm && !taken.includes(name) ? share / 20 : share)) headers[name] = pick(chance, of);
  };
  sometimes(0.06, "authorization", [
    undefined,
    "Bearer",
    "Bearer x",
    "Basic eDp5",
    `Bearer sp_constructor_${"A".repeat(43)}`,
    "Bearer sp___proto___x",
    ["Bearer a", "Bearer b"],
  ]);
  sometimes(0.04, "host", ["evil.example", "localhost.evil.example", "127.0.0.1.", "", "[::1]", "127.0.0.1:0"]);
  sometimes(0.04, "origin", ["null", "https://evil.example", "file://", "http://127.0.0.1", ""]);
  sometimes(0.1, "content-type", [
    "text/plain",
    "application/json;",
    "application/json; charset=utf-16",
    "application/x-www-form-urlencoded",
    "application/json\t",
    "",
    undefined,
  ]);
  sometimes(0.03, "content-encoding", ["gzip", "br", "identity", "gzip, gzip", "x"]);
  sometimes(0.15, "if-match", ["*", '"0"', '"1"', 'W/"1"', '"99999"', '"', "1", '"1", "2"', ['"1"', '"2"']]);
  sometimes(0.1, "if-none-match", ["*", '"1"', 'W/"1"', '"', "x"]);
  sometimes(0.1, "idempotency-key", ["k1", "k2", "", "é", "x".repeat(129), ["a", "b"]]);
  sometimes(0.02, "user-agent", ["setpoint-cli/1", "setpoint-console/\u00ff", "x".repeat(5_000)]);
  const hasBody = route.body !== undefined ? chance() < 0.97 : !isCalm && chance() < 0.1;
  const text = hasBody ? bodyText(chance, route.path) : undefined;
  const raw = text === undefined ? undefined : chance() < (isCalm ? 0.05 : 0.2) ? mutated(chance, text) : Buffer.from(text);
  return { method, path: query.length === 0 ? path : `${path}?${query.join("&")}`, headers, ...(raw && { raw }) };
}

/** What is wrong with an answer; an accepted one has nothing to prove here. */
function faultOf(reply: Pick<Reply, "status" | "headers" | "text" | "json">, method: string, folder: string): string | undefined {
  if (reply.status >= 500) return "a fault of the daemon";
  if (reply.text.includes(folder) || /\bat \S+ \(|node_modules|\.[jt]s:\d+/.test(reply.text)) return "a stack or a path";
  if (reply.status < 400) return undefined;
  if (!String(reply.headers["content-type"]).startsWith("application/problem+json")) return "no problem+json";
  if (method === "HEAD") return undefined;
  const { code, status, type, requestId } = reply.json as {
    code: keyof typeof errorCatalogue;
    status: number;
    type: string;
    requestId: string;
  };
  if (!Object.hasOwn(errorCatalogue, code)) return "a code that the catalogue does not know";
  if (errorCatalogue[code].status !== reply.status || status !== reply.status) return "a status that is not the code's";
  if (type !== `urn:setpoint:problem:${code}` || requestId !== reply.headers["setpoint-request-id"])
    return "a problem that does not name itself";
  return undefined;
}

it(`answers ${requests} malformed requests with clean refusals, and logs exactly what it accepted`, { timeout: 60_000 }, async () => {
  const daemon = await serve(shopProject);
  const before = (await daemon.get("/readyz")).json.revision as number;
  const faults: string[] = [];
  const codes = new Map<string, number>();
  let refused = 0;
  let committed = 0;
  const lane = async (chance: Chance) => {
    for (let left = requests / lanes; left > 0; left -= 1) {
      const { method, path, headers, raw } = malformed(chance);
      const reply = await daemon.call(method, path, { headers, ...(raw && { raw }) });
      const fault = faultOf(reply, method, daemon.folder);
      if (fault) {
        const sent = `${method} ${path} ${JSON.stringify(headers)} ${raw?.toString().slice(0, 300)}`;
        faults.push(`${fault}: ${sent} → ${reply.status} ${reply.text.slice(0, 300)}`);
      }
      if (reply.status >= 400) {
        refused += 1;
        const code = method === "HEAD" ? "" : (reply.json.code as string);
        codes.set(code, (codes.get(code) ?? 0) + 1);
      } else if (
        reply.headers["idempotency-replayed"] === undefined &&
        reply.json?.revision !== undefined &&
        reply.json?.cursor !== undefined
      ) {
        committed += /^(PUT|POST|PATCH|DELETE)$/.test(method) ? 1 : 0;
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, index) => lane(createChance(seed + index))));

  expect(faults).toEqual([]);
  const after = await daemon.get("/readyz");
  expect(after.json).toMatchObject({ status: "ok", revision: before + committed });
  expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  expect(refused).toBeGreaterThan(requests * 0.5);
  expect(committed).toBeGreaterThan(requests * 0.01);
  // Every refusal that a client alone can bring about was met.
  const expected = [
    ...words("invalid_request invalid_key not_a_leaf unauthenticated origin_refused approval_required route_not_found method_not_allowed"),
    ...words("environment_not_found configuration_not_found revision_not_found version_mismatch host_refused"),
    ...words("unsupported_media_type validation_failed idempotency_mismatch secrets_unavailable"),
  ];
  expect(expected.filter((code) => !codes.has(code))).toEqual([]);
  await daemon.stop();
});

/** Sends bytes and gives what came back until the other side closed, or nothing came for a while. */
function exchange({ url }: Served, message: Buffer): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.end(message));
    socket.setTimeout(5_000, () => socket.destroy());
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => (text += chunk));
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
  });
}

it(`answers ${rawMessages} messages that are hardly HTTP with one refusal each, and goes on`, { timeout: 60_000 }, async () => {
  const daemon = await serve(shopProject);
  const before = (await daemon.get("/readyz")).json.revision as number;
  const { port } = new URL(daemon.url);
  const statuses = new Map<number, number>();
  const faults: string[] = [];
  const lane = async (chance: Chance) => {
    for (let left = rawMessages / lanes; left > 0; left -= 1) {
      const method = pick(chance, words("GET PUT POST get BREW G\u0000T"));
      const target = pick(chance, ["/v1/environments", "/livez", "*", "//", "http://evil.example/livez", ""]);
      const head = [
        `${method} ${target} ${pick(chance, words("HTTP/1.1 HTTP/1.0 HTTP/9.9 HTTP"))}`,
        `Host: 127.0.0.1:${port}`,
        ...many(chance, 3, () =>
          pick(chance, [
            "Content-Length: 4",
            "Content-Length: 5",
            "Content-Length: -1",
            "Transfer-Encoding: chunked",
            "X: a\rb",
            ": x",
            "X y",
            `X: ${"z".repeat(17_000)}`,
          ]),
        ),
        ...(chance() < 0.3 ? ["Connection: Upgrade", `Upgrade: ${pick(chance, ["websocket", "h2c", ""])}`] : []),
        ...(chance() < 0.5 ? [`Authorization: Bearer ${daemon.token}`] : []),
        "Connection: close",
      ].join("\r\n");
      const message = mutated(
        chance,
        `${head}\r\n\r\n${pick(chance, ["", "{}\r\n", "4\r\n{}\r\n\r\n0\r\n\r\n", "ffffffffffffffff\r\n", "0\r\n\r\n"])}`,
      );
      const answer = await exchange(daemon, message);
      const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const [, headers = "", text = ""] = /^([\s\S]*?)\r\n\r\n([\s\S]*)$/.exec(answer) ?? [];
      const isProblem = /content-type: application\/problem\+json/i.test(headers);
      if (status >= 500 || (status >= 400 && !isProblem) || text.includes(daemon.folder) || text.includes("node:")) {
        faults.push(`${JSON.stringify(message.toString("latin1").slice(0, 300))} → ${answer.slice(0, 300)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, index) => lane(createChance(seed + 100 + index))));

  expect(faults).toEqual([]);
  expect(statuses.get(400)).toBeGreaterThan(rawMessages * 0.3);
  expect((await daemon.get("/readyz")).json).toMatchObject({ status: "ok", revision: before });
  await daemon.stop();
});
