import type { IncomingMessage } from "node:http";
import type { ErrorCode, Refusal } from "@setpoint/core";
import type { Caller } from "../engine/handler.ts";
import type { WrongTokens } from "./wrong-tokens.ts";

/** Who may knock: hosts and origins besides the daemon's own, lower case. */
export interface AdmissionSettings {
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** The port in force; asked late, because port 0 takes a free one. */
  readonly port: () => number;
}

/** Finds who a token belongs to; compares in constant time. */
export type Authenticate = (token: string) => Caller | undefined;

export type Admission = { readonly ok: true; readonly caller: Caller } | { readonly ok: false; readonly refusal: Refusal };

/** What every request and upgrade has to pass, in this order: Host, Origin, token. */
export class Admissions {
  readonly #settings: AdmissionSettings;
  readonly #authenticate: Authenticate;
  readonly #wrongTokens: WrongTokens;

  constructor(settings: AdmissionSettings, authenticate: Authenticate, wrongTokens: WrongTokens) {
    this.#settings = settings;
    this.#authenticate = authenticate;
    this.#wrongTokens = wrongTokens;
  }

  /** Host and Origin. On a Unix socket there is no name to rebind, so Host is not looked at. */
  place(request: IncomingMessage): Refusal | undefined {
    const isLocalSocket = request.socket.remoteAddress === undefined && request.socket.localPort === undefined;
    const hosts = request.headersDistinct["host"] ?? [];
    const host = hosts[0]?.toLowerCase();
    if (!isLocalSocket && (hosts.length !== 1 || host === undefined || !this.#isOwnHost(host))) {
      return { code: "host_refused", detail: "The Host header names neither this daemon nor a host listed in --allowed-hosts." };
    }
    const origins = request.headersDistinct["origin"] ?? [];
    if (origins.length > 1 || (origins[0] !== undefined && !this.#isAllowedOrigin(origins[0].toLowerCase()))) {
      return { code: "origin_refused", detail: "The Origin is neither this daemon's own nor listed in --allowed-origins." };
    }
    return undefined;
  }

  /** The token. A right one is let in however many wrong ones came from its address. */
  caller(request: IncomingMessage): Admission {
    const given = request.headersDistinct["authorization"] ?? [];
    const [, token] = given.length === 1 ? (/^Bearer ([\x21-\x7e]{1,512})$/.exec(given[0] as string) ?? []) : [];
    const caller = token === undefined ? undefined : this.#authenticate(token);
    if (caller) return { ok: true, caller };
    if (given.length === 0) return refuse("unauthenticated", "No Authorization header was sent.");
    // Whoever is at the Unix socket has no address; all of them count as one.
    return this.#wrongTokens.add(request.socket.remoteAddress ?? "")
      ? refuse("rate_limited", "Too many wrong tokens from this address.")
      : refuse("unauthenticated", "The token is not valid here.");
  }

  #isOwnHost(host: string): boolean {
    const port = this.#settings.port();
    const own = ["127.0.0.1", "localhost", "[::1]"].map((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]));
    return (
      own.flat().includes(host) || this.#settings.allowedHosts.some((allowed) => allowed === host || allowed === host.replace(/:\d+$/, ""))
    );
  }

  #isAllowedOrigin(origin: string): boolean {
    if (this.#settings.allowedOrigins.includes(origin)) return true;
    // The daemon itself speaks HTTP; an origin of a proxy before it is one to list.
    const [, host] = /^http:\/\/([^/]+)$/.exec(origin) ?? [];
    return host !== undefined && this.#isOwnHost(host);
  }
}

function refuse(code: ErrorCode, detail: string): Admission {
  return { ok: false, refusal: { code, detail } };
}
