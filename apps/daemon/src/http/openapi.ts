import { errorCatalogue } from "@setpoint/core";
import { problemModel, routeRoles, type Route, type RouteId, routes } from "@setpoint/protocol";
import { z } from "zod";

/** This API as OpenAPI 3.1, made from the route table. */
export function openApiDocument(version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [id, route] of Object.entries(routes) as [RouteId, Route][]) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(id, route);
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Setpoint",
      version,
      description: "Typed configuration, checked, recorded and pushed.",
      license: { name: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: { Problem: jsonSchema(problemModel, "output") },
      responses: {
        Problem: {
          description: `A refusal. Codes: ${Object.keys(errorCatalogue).join(", ")}.`,
          content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
        },
      },
    },
  };
}

function operation(id: RouteId, route: Route): Record<string, unknown> {
  const pathParameters = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const query = jsonSchema(route.query, "input") as { properties?: Record<string, unknown>; required?: string[] };
  const queryParameters = Object.entries(query.properties ?? {}).map(([name, schema]) => ({
    name,
    in: "query",
    required: query.required?.includes(name) ?? false,
    schema,
  }));
  const header = (name: string, description: string) => ({ name, in: "header", required: false, description, schema: { type: "string" } });
  const headers = [
    ...(route.headers.ifMatch ? [header("If-Match", "Refuses (412) unless the entity tag is the current one.")] : []),
    ...(route.headers.ifNoneMatch === "etag" ? [header("If-None-Match", "Answers 304 when an entity tag is the current one.")] : []),
    ...(route.headers.ifNoneMatch === "create" ? [header("If-None-Match", "`*`: create, never replace.")] : []),
    ...(route.headers.idempotencyKey ? [header("Idempotency-Key", "A repeated request with the same key is applied once.")] : []),
  ];
  return {
    operationId: id,
    summary: route.summary,
    "x-setpoint-roles": routeRoles[id],
    ...(!route.authenticated && { security: [] }),
    parameters: [...pathParameters, ...queryParameters, ...headers],
    ...(route.body && {
      requestBody: { required: true, content: { [route.contentType ?? "application/json"]: { schema: jsonSchema(route.body, "input") } } },
    }),
    responses: {
      200: { description: "OK", content: { "application/json": { schema: jsonSchema(route.answer, "output") } } },
      default: { $ref: "#/components/responses/Problem" },
    },
  };
}

/** Shared parts are written out in place: components of two routes must not clash, and nothing here is recursive. */
function jsonSchema(schema: z.ZodType, io: "input" | "output"): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any", reused: "inline" }) as Record<string, unknown>;
  const { $defs, ...root } = rest as { $defs?: Record<string, unknown> };
  return $defs ? (inline(root, $defs) as Record<string, unknown>) : root;
}

function inline(node: unknown, definitions: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(node)) return node.map((item) => inline(item, definitions));
  if (typeof node !== "object" || node === null) return node;
  const { $ref, ...rest } = node as { $ref?: unknown };
  const target = typeof $ref === "string" ? definitions[$ref.replace("#/$defs/", "")] : undefined;
  const whole = target === undefined ? node : { ...(target as object), ...rest };
  return Object.fromEntries(
    Object.entries(whole).flatMap(([name, value]) =>
      name === "id" && typeof value === "string" ? [] : [[name, inline(value, definitions)]],
    ),
  );
}
