import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { decide, environmentRefusal, nameRefusal, type RecordReader, type Refusal } from "@setpoint/core";
import {
  type Admission,
  type Hub,
  type Projection,
  resumeCursor,
  serveEventStream,
  serveSocket,
  socketServerOptions,
} from "@setpoint/client/hub";
import { type Audience, routeRoles, routes } from "@setpoint/protocol";
import { WebSocketServer } from "ws";
import type { Caller } from "../engine/handler.ts";
import type { Instances } from "../engine/instances.ts";
import type { Clock } from "../ports/clock.ts";
import type { Admissions } from "./admission.ts";
import { endConnection } from "./connections.ts";
import { problemMessage } from "./problem.ts";
import { parseQueryOf } from "./request-form.ts";
import { admit, type StreamQuery } from "./server.ts";

export interface StreamDoorParts {
  readonly hub: Hub;
  readonly records: () => RecordReader;
  readonly headRevision: () => number;
  readonly admissions: Admissions;
  readonly instances: Instances;
  readonly clock: Clock;
  /** The revision of a projection's last change frame. */
  readonly lastChange: (projection: Projection) => number;
}

export const streamDoorLimits = { namespacesMax: 256 } as const;

/** Lets subscribers in: upgrades of `/v1/stream` and its server-sent events. What the URL shows to be wrong is refused before the upgrade. */
export class StreamDoor {
  readonly #parts: StreamDoorParts;
  readonly #sockets = new WebSocketServer(socketServerOptions);

  constructor(parts: StreamDoorParts) {
    this.#parts = parts;
  }

  /** Serves upgrades of a listener. */
  listen(server: Server): void {
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on("error", () => socket.destroy());
      const { caller, refusal: notAdmitted } = admit(this.#parts.admissions, request);
      const refusal = caller ? this.#upgrade(request, socket, head, caller) : notAdmitted;
      // The upgrade did not happen, so the answer is an HTTP message and the end of the connection.
      const further = caller ? { "Setpoint-Revision": String(this.#parts.headRevision()) } : {};
      if (refusal) endConnection(socket, problemMessage(refusal, randomUUID(), further));
    });
  }

  /** Serves a GET that wants server-sent events; a refusal is for the caller to send. */
  async eventStream(request: IncomingMessage, response: ServerResponse, caller: Caller, query: StreamQuery): Promise<Refusal | undefined> {
    const read = this.#read(query, caller);
    if (!read.ok) return read.refusal;
    if (!read.projection) return { code: "invalid_request", detail: "An event stream names its environment in the URL." };
    const cursor = resumeCursor(request.headers, query.cursor);
    if (!cursor.ok) return { code: "invalid_request", detail: cursor.detail };
    serveEventStream(response, this.#parts.hub, {
      projection: read.projection,
      ...(cursor.cursor !== undefined && { cursor: cursor.cursor }),
      headers: { "setpoint-revision": String(this.#parts.headRevision()), "setpoint-request-id": randomUUID() },
    });
    return undefined;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, caller: Caller): Refusal | undefined {
    if (request.method !== "GET") return { code: "method_not_allowed", detail: "An upgrade is a GET." };
    const decision = decide(caller, routeRoles.openStream);
    if (!decision.allowed) return { code: "access_denied", detail: decision.reason };
    const query = parseQueryOf(routes.openStream, request);
    if (!query.ok) return { code: "invalid_request", detail: query.reason };
    const handshake = handshakeRefusal(request);
    if (handshake) return handshake;
    const { cursor, ...wanted } = query.value as StreamQuery;
    const read = this.#read(wanted, caller);
    if (!read.ok) return read.refusal;
    const { projection } = read;
    this.#sockets.handleUpgrade(request, socket, head, (ws) => {
      const connection = Symbol("connection");
      const { instances, clock } = this.#parts;
      serveSocket(ws, this.#parts.hub, {
        stream: socket,
        ...(projection && { initial: { projection, ...(cursor !== undefined && cursor !== "" && { cursor }) } }),
        admit: (asked) => this.#admit(asked, caller),
        onSubscribe: ({ projection: subscribed, instance, schemas }) =>
          instances.subscribed(connection, {
            service: instance?.service ?? "",
            id: instance?.id ?? "",
            sdk: instance?.sdk ?? "",
            environment: subscribed.environment,
            audience: subscribed.audience,
            connectedAt: new Date(clock.now()).toISOString(),
            schemas: schemas ?? {},
            lastChange: () => this.#parts.lastChange(subscribed),
          }),
        onAck: (ack) => instances.acknowledged(connection, ack),
        onClose: () => instances.gone(connection),
      });
    });
    return undefined;
  }

  #read(query: StreamQuery, caller: Caller): { ok: true; projection?: Projection } | { ok: false; refusal: Refusal } {
    const invalid = (detail: string) => ({ ok: false as const, refusal: { code: "invalid_request" as const, detail } });
    const namespaces = query.namespaces === undefined || query.namespaces === "" ? undefined : query.namespaces.split(",");
    if (namespaces && namespaces.length > streamDoorLimits.namespacesMax)
      return invalid(`At most ${streamDoorLimits.namespacesMax} namespaces.`);
    const wrong = namespaces?.find((namespace) => nameRefusal(namespace) !== undefined);
    if (wrong !== undefined) return invalid(`The namespace ${JSON.stringify(wrong)} ${nameRefusal(wrong)}.`);
    const audience: Audience = query.audience ?? (caller.role === "client" ? "client" : "server");
    if (query.environment === undefined || query.environment === "") return { ok: true };
    const admission = this.#admit({ environment: query.environment, audience, ...(namespaces && { namespaces }) }, caller);
    return admission.ok ? admission : { ok: false, refusal: { code: admission.code, detail: admission.detail } };
  }

  #admit(projection: Projection, caller: Caller): Admission & { readonly ok: boolean } {
    if (projection.audience === "server" && caller.role === "client") {
      return { ok: false, code: "access_denied", detail: 'The role "client" subscribes with audience "client" only.' };
    }
    const records = this.#parts.records();
    if (!records.environment(projection.environment)) {
      const { code, detail } = environmentRefusal(records, projection.environment);
      return { ok: false, code, detail };
    }
    const { namespaces } = projection;
    return { ok: true, projection: { ...projection, ...(namespaces && { namespaces: [...new Set(namespaces)].sort() }) } };
  }
}

/** What would make the WebSocket library refuse in words of its own. */
function handshakeRefusal({ headers }: IncomingMessage): Refusal | undefined {
  const isKey = /^[+/0-9A-Za-z]{22}==$/.test(headers["sec-websocket-key"] ?? "");
  if (headers["sec-websocket-version"] === "13" && isKey) return undefined;
  return { code: "invalid_request", detail: "A WebSocket handshake needs Sec-WebSocket-Version: 13 and a Sec-WebSocket-Key." };
}
