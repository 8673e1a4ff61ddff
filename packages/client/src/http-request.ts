import { type IncomingHttpHeaders, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { DaemonAddress } from "./discover.ts";

export interface HttpRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole of it, until the last byte of the answer. */
  readonly timeoutMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Largest answer that is read, bytes. */
const answerBytesMax = 64 * 1024 * 1024;

/**
 * One request to a daemon, over its socket where there is one. Rejects with the network's error, or a
 * `TimeoutError`; any status resolves. No redirects.
 */
export function sendRequest(address: DaemonAddress, { method, path, headers, body, timeoutMs }: HttpRequest): Promise<HttpAnswer> {
  const { url, token, socketPath } = address;
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, refuse) => {
    const reject = (error: unknown): void => refuse(signal.aborted ? (signal.reason as Error) : (error as Error));
    const request = (socketPath || url.startsWith("http:") ? requestHttp : requestHttps)(
      socketPath ? "http://localhost" : url,
      {
        method,
        path,
        headers: {
          authorization: `Bearer ${token}`,
          accept: "application/json",
          ...(body !== undefined && { "content-length": String(Buffer.byteLength(body)) }),
          ...headers,
        },
        signal,
        ...(socketPath && { socketPath }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > answerBytesMax) response.destroy(new Error("The answer is too large."));
          else chunks.push(chunk);
        });
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() }),
        );
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}
