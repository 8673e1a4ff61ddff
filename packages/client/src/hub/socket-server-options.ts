import { streamLimits, streamSubprotocol } from "@setpoint/protocol/frames";

/** What a `WebSocketServer` of the stream is made with: small messages, few pieces, no compression, the subprotocol when it is offered. */
export const socketServerOptions = {
  noServer: true,
  clientTracking: false,
  maxPayload: streamLimits.upFrameBytesMax,
  maxFragments: 256,
  maxBufferedChunks: 1_024,
  perMessageDeflate: false,
  handleProtocols: (offered: Set<string>) => (offered.has(streamSubprotocol) ? streamSubprotocol : (false as const)),
};
