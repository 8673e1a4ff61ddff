import type { Client, ServerClient } from "@setpoint/client";
import { attachUpgrades, createBrowserEndpoint } from "@setpoint/client/browser-endpoint";
import type { FastifyPluginAsync } from "fastify";
import { fastifyPlugin } from "fastify-plugin";
import { requestScope, type ContextOf, type RequestScope } from "./context.ts";
import { runWithConfig } from "./current-config.ts";
import type { RegisteredConfig } from "./register.ts";

declare module "fastify" {
  interface FastifyInstance {
    /** The process's client, for code that runs outside of requests. */
    readonly setpoint: Client<RegisteredConfig>;
  }
  interface FastifyRequest {
    /** The configuration in force when this request began; it stays the same while the request lasts. */
    config: RegisteredConfig;
    /** The request's scope: `config` with its revision and cursor, and `forBrowser()`. */
    setpoint: RequestScope;
  }
}

export interface SetpointOptions {
  /** The process's client. Several applications may share one, so it is not closed with the server. */
  readonly client: ServerClient<RegisteredConfig>;
  /** Whom a request is for; nobody in particular by default. */
  readonly context?: ContextOf;
  /** Where browsers connect. */
  readonly path?: string;
}

const register: FastifyPluginAsync<SetpointOptions> = async (app, options) => {
  const { client, context = () => ({}) } = options;
  const endpoint = createBrowserEndpoint(options);

  app.decorate("setpoint", client);
  app.decorateRequest("config");
  app.decorateRequest("setpoint");
  app.addHook("onRequest", (request, _reply, done) => {
    const scope = requestScope(client.scope(context(request)), () => endpoint.forBrowser());
    request.config = scope.config;
    request.setpoint = scope;
    runWithConfig(scope.config, done);
  });

  app.get(endpoint.path, { exposeHeadRoute: false }, (request, reply) => {
    if (endpoint.handle(request.raw, reply.raw)) reply.hijack();
    else reply.callNotFound();
  });
  const detach = attachUpgrades(app.server, (request, socket, head) => endpoint.upgrade(request, socket, head));
  // Before the server closes and not after: it waits for its connections, and a browser's would never end by itself.
  app.addHook("preClose", async () => {
    detach();
    await endpoint.close();
  });
};

/**
 * Gives every request one immutable view: `request.config`, `request.setpoint`, and `currentConfig()` in all that it calls; serves
 * browsers on `path` and through the server's upgrades. Register it once, before the plugins that read it: all of them see it.
 */
export const setpoint: FastifyPluginAsync<SetpointOptions> = fastifyPlugin(register, { name: "@setpoint/fastify", fastify: "5.x" });
