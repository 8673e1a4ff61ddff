import { once } from "node:events";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import { serve, type Served } from "../serve.ts";

let daemon: Served;
beforeAll(async () => void (daemon = await serve()));
afterAll(() => daemon.stop());

it("a subscriber that acknowledges what was never sent is listed with what it acknowledged before", async () => {
  const socket = new WebSocket(`${daemon.url.replace("http", "ws")}/v1/stream`, { headers: { authorization: `Bearer ${daemon.token}` } });
  await once(socket, "open");
  const send = (frame: unknown) => socket.send(JSON.stringify(frame));
  const subscribe = async () => {
    const answer = once(socket, "message");
    send({ type: "subscribe", environment: "dev", snapshot: true, instance: { service: "shop", id: "one", sdk: "test/1" } });
    const [data] = (await answer) as [Buffer];
    return JSON.parse(data.toString("utf8")) as { cursor: string; hash: string; revision: number };
  };
  const { cursor, hash, revision } = await subscribe();
  send({ type: "ack", cursor, hash, status: "applied" });
  send({ type: "ack", cursor: `9${"0".repeat(12)}-${hash}`, hash, status: "applied" });
  send({ type: "ack", cursor: `${revision + 1}-${hash}`, hash, status: "refused", keys: [], reason: "made up" });
  // What is answered was read after the acknowledgements.
  await subscribe();
  const [listed] = (await daemon.get("/v1/instances")).json.instances;
  expect(listed).toMatchObject({ id: "one", applied: revision, state: "applied" });
  expect(listed).not.toHaveProperty("refusal");
  socket.terminate();
});
