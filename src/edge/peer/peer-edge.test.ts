import { expect, it } from "vitest";
import { StoreUnavailable } from "../../store/errors.ts";
import { memoryStore } from "../../store/memory.ts";
import { deliverFrame, MAX_PEER_FRAME_BYTES } from "../../wire/peer/frames.ts";
import { ack, broadcast, type Frame, letter, serveBus, TOKEN } from "./peer.test.fixture.ts";

const bodies = (frames: readonly Frame[]): unknown[] => frames.map(({ envelope }) => envelope?.body);

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

  expect(bodies(first.map((text) => JSON.parse(text) as Frame))).toEqual([1, 2, 3]);
  expect(again).toEqual(first);
});

it("tells a peer that asks for it what it may have been handed before, and nobody else", async () => {
  await using bus = await serveBus();
  const [ana, bo] = [await bus.join("ana"), await bus.join("bo")];
  const register = { protocol_version: "v1", type: "register", token: TOKEN, name: "bo", marks: true };
  const rejoin = async (frame: object): Promise<unknown[]> => {
    const peer = await bus.dial();
    peer.send(frame);
    return (await peer.texts(3)).slice(1).map((text) => (JSON.parse(text) as { redelivered?: boolean }).redelivered);
  };
  ana.send(letter("ana", "bo", 1));
  await bo.next();
  await bo.sofar();
  bo.socket.terminate();
  await bus.until(({ connected }) => !connected.has("bo"));
  ana.send(letter("ana", "bo", 2));
  await ana.sofar();

  const first = await rejoin(register);
  const second = await rejoin(register);
  const plain = await rejoin({ ...register, marks: "true" });

  expect([first, second, plain]).toEqual([
    [true, undefined],
    [true, true],
    [undefined, undefined],
  ]);
});

it("carries an envelope on in the form of which its HMAC is taken, with the body as its sender spelt it and the HMAC unseen", async () => {
  await using bus = await serveBus();
  const [ana, bo] = [await bus.join("ana"), await bus.join("bo")];

  ana.send('{"HMAC":"forged","body": { "b": 1.0, "a":"<\\/>", "a":1e5 },"more":1,"kind":"msg","to":"bo","from":"ana","id":"i","ts":"t"}');

  expect(await bo.texts(1)).toEqual([
    '{"protocol_version":"v1","type":"deliver","delivery_key":"i","envelope":{"protocol_version":"","id":"i","from":"ana","to":"bo",' +
      '"ts":"t","source":"","kind":"msg","body":{"b":1.0,"a":"\\u003c\\/\\u003e","a":1e5},"hmac":"forged"}}',
  ]);
});

it("tries what it does not know as an envelope, and passes over what is none", async () => {
  await using bus = await serveBus();
  const [ana, bo] = [await bus.join("ana"), await bus.join("bo")];

  ana.send("no JSON");
  ana.send("[1]");
  ana.send({ type: "ack", id: 7 });
  ana.send({ type: "deliver", ...letter("ana", "bo", "no") });
  ana.send({ type: "register", ...letter("ana", "bo", "no") });
  ana.send({ ...letter("ana", "bo", "no"), to: 7 });
  ana.send(letter("bo", "bo", "in another's name"));
  ana.send(letter("ana", "nobody", "no"));
  ana.socket.send(Buffer.from(JSON.stringify(letter("ana", "bo", "binary"))));
  ana.send({ type: "unheard", ...letter("ana", "bo", "one") });
  ana.send({ type: 7, ...letter("ana", "bo", "two", { kind: "shout" }) });
  await ana.sofar();

  expect(bodies(await bo.sofar())).toEqual(["one", "two"]);
});

it("says a broadcast to everybody who is here but its sender, under keys of their own", async () => {
  await using bus = await serveBus();
  const [ana, bo, cy] = [await bus.join("ana"), await bus.join("bo"), await bus.join("cy")];
  (await bus.join("gone")).socket.terminate();
  const sent = broadcast("ana", "hear, hear");

  await bus.until((state) => !state.connected.has("gone"));
  ana.send(sent);
  const heard = [await bo.next(), await cy.next()];
  await bus.join("late");

  expect(heard.map(({ delivery_key: key }) => key)).toEqual([`${sent.id}|bo`, `${sent.id}|cy`]);
  expect(heard.map(({ envelope }) => envelope?.to)).toEqual(["*", "*"]);
  expect(await ana.sofar()).toEqual([]);
  expect(await (await bus.join("gone")).sofar()).toEqual([]);
});

it("lets nobody acknowledge what waits for another", async () => {
  await using bus = await serveBus();
  const [ana, bo] = [await bus.join("ana"), await bus.join("bo")];
  const sent = letter("ana", "bo", 1);
  ana.send(sent);
  await bo.next();

  ana.send(ack(sent.id));
  await ana.sofar();
  bo.socket.terminate();

  expect(bodies([await (await bus.join("bo")).next()])).toEqual([1]);
  expect((await bus.history()).map(({ type }) => type)).toContain("AckPassedOver");
});

it("refuses at the door what would close its recipient's connection, and takes what just fits", async () => {
  await using bus = await serveBus();
  const [ana, bo] = [await bus.join("ana"), await bus.join("bo")];
  const most = MAX_PEER_FRAME_BYTES - Buffer.byteLength(deliverFrame("id", JSON.stringify(letter("ana", "bo", "", { id: "id" }))));

  ana.send(letter("ana", "bo", "x".repeat(most + 1), { id: "no" }));
  ana.send(letter("ana", "bo", "<".repeat(most / 3), { id: "no" }));
  ana.send(letter("ana", "bo", "x".repeat(most), { id: "id" }));
  await ana.sofar();
  const texts = await bo.texts(1);

  expect(texts.map((text) => Buffer.byteLength(text))).toEqual([MAX_PEER_FRAME_BYTES]);
  expect(await bo.sofar()).toEqual([]);
});

it("tells a peer that it is registered before it brings it anything, and brings nothing twice, however much is being sent", async () => {
  await using bus = await serveBus();
  const [ana] = [await bus.join("ana"), await bus.join("bo")];

  const firsts: string[] = [];
  const twice: unknown[] = [];
  for (let round = 0; round < 20; round += 1) {
    const joining = bus.dial();
    for (let number = 0; number < 20; number += 1) ana.send(letter("ana", "bo", number));
    const bo = await joining;
    bo.send({ protocol_version: "v1", type: "register", token: "token-one", name: "bo" });
    for (let number = 0; number < 20; number += 1) ana.send(letter("ana", "bo", number));
    firsts.push((await bo.next()).type);
    const keys = (await bo.sofar()).map(({ delivery_key: key }) => key);
    twice.push(...keys.filter((key, place) => keys.indexOf(key) < place));
  }

  expect(new Set(firsts)).toEqual(new Set(["peers"]));
  expect(twice).toEqual([]);
});

it("closes the connection of a sender whose message the log does not take, so that it is not believed to be kept", async () => {
  const store = memoryStore();
  let isFull = false;
  const full = new StoreUnavailable("the disk is full");
  const touchy: typeof store = {
    ...store,
    append: (...records) => (isFull ? Promise.reject(full) : store.append(...records)),
    probe: () => (isFull ? Promise.reject(full) : store.probe()),
  };
  await using bus = await serveBus(touchy);
  const [ana, stranger] = [await bus.join("ana"), await bus.dial()];
  await bus.join("bo");

  isFull = true;
  ana.send(letter("ana", "bo", 1));
  stranger.send({ protocol_version: "v1", type: "register", token: "token-one", name: "cy" });

  expect(await ana.closed).toEqual({ code: 1011, reason: "message persistence failed" });
  expect(await stranger.closed).toEqual({ code: 1011, reason: "peer persistence failed" });
  isFull = false;
});
