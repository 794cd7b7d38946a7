import { expect, it } from "vitest";
import { ack, letter, serveBus } from "./peer.test.fixture.ts";

it("brings a letter to its recipient, who acknowledges it once and for all", async () => {
  await using bus = await serveBus();
  const [ana, bo] = [await bus.join("ana"), await bus.join("bo")];
  const sent = letter("ana", "bo", { text: "hello" });

  ana.send(sent);
  const brought = await bo.next();
  bo.send(ack(brought.delivery_key));
  await bo.sofar();
  bo.socket.terminate();
  const again = await bus.join("bo");

  expect(brought).toMatchObject({ type: "deliver", delivery_key: sent.id, envelope: { from: "ana", body: { text: "hello" } } });
  expect(await again.sofar()).toEqual([]);
  expect((await bus.history()).map(({ type }) => type)).toEqual(["MailSent", "MailDelivered", "MailAcknowledged"]);
});

it("keeps what was not acknowledged and brings it again in the order in which it was sent, byte for byte", async () => {
  await using bus = await serveBus();
  const [ana, bo] = [await bus.join("ana"), await bus.join("bo")];

  for (const number of [1, 2, 3]) ana.send(letter("ana", "bo", number));
  const first = await bo.texts(3);
  await bus.restart();
  const again = await (await bus.join("bo")).texts(3);

  expect(first.map((text) => (JSON.parse(text) as { envelope: { body: number } }).envelope.body)).toEqual([1, 2, 3]);
  expect(again).toEqual(first);
});
