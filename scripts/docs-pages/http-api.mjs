import { openApiDocument } from "../../apps/daemon/src/http/openapi.ts";
import { roles, routeRoles } from "../../packages/protocol/src/access.ts";
import { requestLimits } from "../../packages/protocol/src/parts.ts";
import { routes } from "../../packages/protocol/src/routes.ts";
import { shapeOf } from "./shape.mjs";
import { code, table } from "./table.mjs";

/** What a query parameter says; one without words here fails the generation. */
const queryWords = {
  keys: "patterns joined by commas, such as `shop.*,ui.**`; `*` is one segment, `**` any number",
  revision: "as of this revision instead of now",
  at: "as of this time, RFC 3339; not together with `revision`",
  preview: "plan only: nothing is written; counts by being there",
  user: "for this person; without effect until preferences exist",
  after: "revisions above this one",
  limit: `at most so many, 1 to ${requestLimits.pageMax}; default ${requestLimits.pageDefault}`,
  environment: "of this environment",
  key: "that changed this key",
  by: "by the principal with this id",
  from: "a revision, cursor or snapshot name",
  to: "the same; default: the head",
  namespaces: "names joined by commas; default: all",
  audience: "`server` (default) or `client`: only keys marked `client`",
  cursor: "where the subscriber stands; without one it gets a snapshot",
};

const headerWords = {
  ifMatch: "`If-Match`: refuses (412) unless the entity tag is the current one",
  etag: "`If-None-Match`: answers 304 when the entity tag is the current one",
  create: "`If-None-Match: *`: creates only; 412 when the environment itself stores the key",
  idempotencyKey: "`Idempotency-Key`: a repeated request is applied once and answered the same",
};

export function httpApiPage() {
  const { paths, components } = openApiDocument("0.0.0");
  const entries = Object.entries(routes);
  const operationOf = ({ path, method }) => paths[path][method.toLowerCase()];
  const issue = components.schemas.Problem.properties.issues.items;
  const environment = answerOf(operationOf(routes.listEnvironments)).properties.environments.items;
  const named = new Map([
    [JSON.stringify(issue), "Issue"],
    [JSON.stringify(environment), "Environment"],
  ]);
  const rows = entries.map(([id, route]) => [
    `[${code(`${route.method} ${route.path}`)}](#${id.toLowerCase()})`,
    route.summary,
    rolesOf(id, route),
  ]);
  return `# HTTP routes

Made from the route table in \`packages/protocol/src/routes.ts\`; a running daemon serves the same as OpenAPI 3.1 at \`/openapi.json\`. Rules that hold for every route (token, Host and Origin, entity tags, order of refusals) are in [the wire contract](protocol.md). Every refusal is a problem with one of [these codes](errors.md).

${table(["Route", "What it does", "Roles"], rows)}

Shapes below: \`?\` marks members that may be absent; clients ignore members they do not know.

\`\`\`ts
Environment = ${shapeOf(environment)}

Issue = ${shapeOf(issue)}
\`\`\`

${entries.map(([id, route]) => section(id, route, operationOf(route), named)).join("\n\n")}
`;
}

function section(id, route, operation, named) {
  const parameters = operation.parameters
    .filter((parameter) => parameter.in === "query")
    .map(({ name, required }) => `- ${code(name)}${required ? " (required)" : ""}: ${worded(name)}`);
  const headers = [
    route.headers.ifMatch && headerWords.ifMatch,
    route.headers.ifNoneMatch && headerWords[route.headers.ifNoneMatch],
    route.headers.idempotencyKey && headerWords.idempotencyKey,
  ].filter(Boolean);
  const parts = [
    `## ${id}`,
    `${code(`${route.method} ${route.path}`)} · ${rolesOf(id, route)}`,
    route.summary,
    parameters.length > 0 && `Query:\n\n${parameters.join("\n")}`,
    headers.length > 0 && `Headers:\n\n${headers.map((header) => `- ${header}`).join("\n")}`,
    route.body && `Body, ${code(route.contentType ?? "application/json")}:\n\n${fenced(shapeOf(bodyOf(operation), named))}`,
    id === "openStream"
      ? "Answer: frames, see [the contract](protocol.md#the-contract)."
      : `Answer:\n\n${fenced(shapeOf(answerOf(operation), named))}`,
  ];
  return parts.filter(Boolean).join("\n\n");
}

function rolesOf(id, route) {
  if (!route.authenticated) return "no token";
  return roles.every((role) => routeRoles[id].includes(role)) ? "any role" : routeRoles[id].join(", ");
}

function worded(name) {
  if (queryWords[name] === undefined) throw new Error(`scripts/docs-pages/http-api.mjs has no words for the parameter ${name}`);
  return queryWords[name];
}

function bodyOf({ requestBody }) {
  return Object.values(requestBody.content)[0].schema;
}

function answerOf({ responses }) {
  return responses[200].content["application/json"].schema;
}

function fenced(text) {
  return `\`\`\`ts\n${text}\n\`\`\``;
}
