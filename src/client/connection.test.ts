import { Socket } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { scriptedSidecar } from "./scripted-sidecar.test.fixture.ts";
import { createSessionClient } from "./session-client.ts";

afterEach(() => vi.restoreAllMocks());

it("a command and the question behind it leave in one write, and what is said later in another", async () => {
  await using sidecar = await scriptedSidecar();
  await using client = createSessionClient({ principalId: "ana", control: 1, locate: sidecar.locate });
  await client.join();
  const port = Number(new URL(sidecar.uri).port);
  const written = vi.spyOn(Socket.prototype, "_writev");
  const ours = () => written.mock.contexts.filter((socket) => (socket as Socket).remotePort === port).length;

  const sent = client.send("INTENT_ANNOUNCE", { intent_id: "i" });
  const asked = client.query({ kind: "intent", intent_id: "i" });
  sidecar.ack(await sidecar.next("INTENT_ANNOUNCE"));
  const question = await sidecar.next("SIGNALBOX_QUERY");
  sidecar.send(question, { type: "SIGNALBOX_ANSWER", query_id: question.id, answer: { kind: "intent", intent: null } });
  await Promise.all([sent, asked]);
  const together = ours();
  const later = client.send("INTENT_WITHDRAW", { intent_id: "i" });
  sidecar.ack(await sidecar.next("INTENT_WITHDRAW"));
  await later;

  expect([together, ours()]).toEqual([1, 2]);
});
