import { Socket } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { of, scope, serveSession } from "./mpac-edge.test.fixture.ts";

afterEach(() => vi.restoreAllMocks());

it("the acknowledgement of a command and the answer to the question behind it leave in one write", async () => {
  await using served = await serveSession();
  const ana = await served.connect("ana", "1", { authorization: "Bearer own-token" });
  ana.send("HELLO", { extensions: { signalbox: {} } });
  await ana.next(of("SESSION_INFO"));
  const written = vi.spyOn(Socket.prototype, "_write");
  const theirs = () => written.mock.contexts.filter((socket) => (socket as Socket).localPort === served.port).length;

  const { _socket: wire } = ana.socket as unknown as { readonly _socket: Socket };
  wire.cork(); // both arrive together
  ana.send("INTENT_ANNOUNCE", { intent_id: "i", objective: "paint it", scope: scope("a.ts"), extensions: { signalbox: {} } });
  ana.raw(JSON.stringify({ type: "SIGNALBOX_QUERY", query_id: "q", query: { kind: "intent", intent_id: "i", behind: true } }));
  wire.uncork();
  const acknowledged = await ana.next(of("INTENT_ANNOUNCE"));
  const answered = await ana.next(({ query_id }) => query_id === "q");

  expect(acknowledged.payload.extensions?.signalbox).toHaveProperty("ack");
  expect(answered).toMatchObject({ answer: { intent: { intent_id: "i", state: "ACTIVE" } } });
  expect(theirs()).toBe(1);
});
