import type { Server } from "node:http";
import type { ServerClient } from "@setpoint/client";
import { attachUpgrades, createBrowserEndpoint } from "@setpoint/client/browser-endpoint";
import type { RequestHandler } from "express";
import { requestScope, type ContextOf, type RequestScope } from "./context.ts";
import { runWithConfig } from "./current-config.ts";
import type { RegisteredConfig } from "./register.ts";

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- Express has no other place to add to its request
  namespace Express {
    interface Request {
      /** The configuration in force when this request began; it stays the same while the request lasts. */
      config: RegisteredConfig;
      /** The request's scope: `config` with its revision and cursor, and `forBrowser()`. */
      setpoint: RequestScope;
    }
  }
}

export interface SetpointOptions {
  /** The process's client. Several applications may share one, so it is not closed by `close()`. */
  readonly client: ServerClient<RegisteredConfig>;
  /** Whom a request is for; nobody in particular by default. */
  readonly context?: ContextOf;
  /** Where browsers connect. */
  readonly path?: string;
}

/** The middleware, and what starts and stops its connections. */
export interface Setpoint extends RequestHandler {
  /**
   * Lets browsers connect by WebSocket through `server`; upgrades of other paths are left to its other listeners. Without it
   * requests are served all the same, but browsers have only the slower event stream. Returns what detaches it again.
   */
  attach(server: Server): () => void;
  /** Ends the browsers' connections and the subscription behind them; requests are still served. */
  close(): Promise<void>;
}

/**
 * Gives every request one immutable view: `req.config`, `req.setpoint`, and `currentConfig()` in all that it calls.
 * Mount it once, at the root of the application and before the routes that read it.
 */
export function setpoint(options: SetpointOptions): Setpoint {
  const { client, context = () => ({}) } = options;
  const endpoint = createBrowserEndpoint(options);
  const detachments = new Set<() => void>();

  const middleware: RequestHandler = (request, response, next) => {
    if (endpoint.handle(request, response)) return;
    const scope = requestScope(client.scope(context(request)), () => endpoint.forBrowser());
    request.config = scope.config;
    request.setpoint = scope;
    runWithConfig(scope.config, next);
  };

  function attach(server: Server): () => void {
    const detach = attachUpgrades(server, (request, socket, head) => endpoint.upgrade(request, socket, head));
    detachments.add(detach);
    return detach;
  }

  async function close(): Promise<void> {
    for (const detach of detachments) detach();
    await endpoint.close();
  }

  return Object.assign(middleware, { attach, close });
}
