import type { DownFrame } from "@setpoint/protocol/frames";
import type { LinkEvents, OpenLink } from "../../src/link.ts";

/** One link that a connection opened, driven by the test. */
export interface ManualLink {
  readonly events: LinkEvents;
  readonly sent: Record<string, unknown>[];
  readonly isClosed: () => boolean;
  open(): void;
  send(...frames: readonly (DownFrame | Record<string, unknown>)[]): void;
}

/** The links that were opened, oldest first. */
export interface ManualWire {
  readonly open: OpenLink;
  readonly links: ManualLink[];
  last(): ManualLink;
}

export function createManualWire(): ManualWire {
  const links: ManualLink[] = [];
  return {
    links,
    last: () => links.at(-1) as ManualLink,
    open: (events) => {
      let isClosed = false;
      const sent: Record<string, unknown>[] = [];
      links.push({
        events,
        sent,
        isClosed: () => isClosed,
        open: () => events.onopen({}),
        send: (...frames) => {
          for (const frame of frames) if (!isClosed) events.onmessage({ data: JSON.stringify(frame) });
        },
      });
      return {
        send: (text) => sent.push(JSON.parse(text) as Record<string, unknown>),
        close: () => {
          isClosed = true;
        },
      };
    },
  };
}
