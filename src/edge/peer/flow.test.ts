/** How much is on its way to whom, and what of it the process holds. */
import { expect, it } from "vitest";
import { letter, serveBus } from "./peer.test.fixture.ts";

const bodyOf = (text: string): string => (JSON.parse(text) as { envelope: { body: string } }).envelope.body;
const numberOf = (text: string): number => Number(bodyOf(text).split(" ", 1)[0]);
const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

it("hands a slow reader no more than fits the way to it, and the rest as it reads on", async () => {
  const letters = 300;
  await using bus = await serveBus();
  const [ana, bo, cy] = [await bus.join("ana"), await bus.join("bo"), await bus.join("cy")];
  bo.socket.pause();

  for (const number of numbers(letters)) ana.send(letter("ana", "bo", `${number} ${"x".repeat(100_000)}`));
  ana.send(letter("ana", "cy", "0 nobody waits for bo"));
  const toCy = await cy.next();
  const delivered = (await bus.history()).flatMap((event) => (event.type === "MailDelivered" ? event.keys : []));
  bo.socket.resume();
  const received = await bo.texts(letters);

  expect(toCy.envelope?.body).toBe("0 nobody waits for bo");
  expect(delivered.length).toBeLessThan(letters / 2);
  expect(received.map(numberOf)).toEqual(numbers(letters));
});

it("brings a long absence's mail from the log, in order, while more comes", async () => {
  const letters = 3_000;
  await using bus = await serveBus();
  const ana = await bus.join("ana");
  (await bus.join("bo")).socket.terminate();
  const send = (number: number): void => ana.send(letter("ana", "bo", `${number} ${"x".repeat(3_000)}`));

  for (const number of numbers(letters)) send(number);
  await ana.sofar();
  const bo = await bus.join("bo");
  for (const number of numbers(100)) send(letters + number);

  expect((await bo.texts(letters + 100)).map(numberOf)).toEqual(numbers(letters + 100));
});

it("answers who asks for the peers no faster than that one reads", async () => {
  await using bus = await serveBus();
  const [ana, bo] = [await bus.join("ana"), await bus.join("bo")];
  for (const number of numbers(30)) await bus.join(`${number} ${"n".repeat(1_000)}`);
  ana.socket.pause();

  const questions = 2_000;
  for (let asked = 0; asked < questions; asked += 1) ana.send({ protocol_version: "v1", type: "peers" });
  ana.send(letter("ana", "bo", "0 behind all questions"));
  await bo.sofar();
  bo.send(letter("bo", "bo", "1 from somebody else"));
  const first = await bo.texts(1);
  ana.socket.resume();
  const answers = await ana.texts(questions);

  expect(first.map(numberOf)).toEqual([1]);
  expect(new Set(answers).size).toBe(1);
  expect((await bo.texts(1)).map(numberOf)).toEqual([0]);
});
