import type { IncomingMessage } from "node:http";
import type { Scope, ScopeContext } from "@setpoint/client";
import type { BrowserState } from "@setpoint/client/browser-endpoint";
import type { FastifyRequest } from "fastify";
import type { RegisteredConfig } from "./register.ts";

/**
 * Tells from a request whom or what its scope is for. For a browser's connection it is called with Node's own
 * request, which no hook has seen: headers and cookies are there, what decorators add (`user`, `session`) is not.
 */
export type ContextOf = (request: FastifyRequest | IncomingMessage) => ScopeContext;

/** One immutable view for one request, and what a page of it may be given. */
export interface RequestScope extends Scope<RegisteredConfig> {
  /** What a page starts from, `<SetpointProvider initial={…}>`: only keys marked for browsers; `undefined` before the first values. */
  forBrowser(): BrowserState | undefined;
}

/** The request's own view: `scope`, and what `takeBrowserState` gave when it was first asked. */
export function requestScope(scope: Scope<RegisteredConfig>, takeBrowserState: () => BrowserState | undefined): RequestScope {
  const { config, revision, cursor, context } = scope;
  let browserState: BrowserState | undefined;
  const forBrowser = (): BrowserState | undefined => (browserState ??= takeBrowserState());
  return Object.freeze({ config, revision, cursor, context, get: (key: string) => scope.get(key), forBrowser });
}
