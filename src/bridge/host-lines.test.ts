/** What a host is told line by line, whoever answers its messages. */
import { setImmediate as nextTurn } from "node:timers/promises";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Members } from "../mcp/members.ts";
import { createHostLines } from "./host-lines.ts";

/** A host whose requests are answered when the test says so. */
function host({ isModern = false } = {}) {
  const given: Members[] = [];
  const sent: object[] = [];
  const lines = createHostLines({
    give: (message) => void given.push(message),
    send: (line) => void sent.push(line),
    isModern: () => isModern,
    report: () => undefined,
  });
  const take = (said: unknown) => lines.takes(Buffer.from(`${typeof said === "string" ? said : JSON.stringify(said)}\n`));
  /** As the server does with each answer. */
  const answer = (id: unknown, result: object = {}) => {
    const message = { jsonrpc: "2.0", id, result };
    if (!lines.keeps(message)) sent.push(message);
  };
  return { lines, given, sent, take, answer };
}

const request = (id: unknown, method = "ping") => ({ jsonrpc: "2.0", id, method });
const NOTIFICATION = { jsonrpc: "2.0", method: "notifications/initialized" };
const RESPONSE = { jsonrpc: "2.0", id: "s-1", result: {} };
const failed = (code: number, id: unknown = null) => ({ jsonrpc: "2.0", id, error: { code, message: expect.any(String) as string } });
const done = (id: unknown) => ({ jsonrpc: "2.0", id, result: {} });

describe("a line", () => {
  it.each([
    { name: "a request", said: request(1), given: [request(1)] },
    { name: "a request that is none", said: { id: 1, method: 5 }, given: [{ id: 1, method: 5 }] },
    { name: "a notification", said: NOTIFICATION, given: [NOTIFICATION] },
    { name: "an answer", said: RESPONSE, given: [RESPONSE] },
    { name: "a request under no id", said: request(null), sent: [failed(-32_600)] },
    { name: "a request under an id that is an object", said: request({}), sent: [failed(-32_600)] },
    { name: "a request under no id that has a result", said: { ...request(null), result: {} }, sent: [failed(-32_600)] },
    { name: "an object that is nothing", said: {}, sent: [failed(-32_600)] },
    { name: "a number", said: "7", sent: [failed(-32_600)] },
    { name: "nothing", said: "null", sent: [failed(-32_600)] },
    { name: "what a wrapper prints", said: "Loading the environment ...", sent: [failed(-32_700)] },
    { name: "two messages", said: `${JSON.stringify(request(1))}${JSON.stringify(request(2))}`, sent: [failed(-32_700)] },
    { name: "half a message", said: '{"jsonrpc":"2.0","id":1,', sent: [failed(-32_700)] },
    { name: "a carriage return", said: "\r", taken: false },
    { name: "nothing at all", said: "", taken: false },
  ])("of $name is given on, or answered", ({ said, given = [], sent = [], taken = true }) => {
    const at = host();

    expect([at.take(said), at.given, at.sent]).toEqual([taken, given, sent]);
  });
});

describe("an array", () => {
  it.each([
    { name: "is empty", said: [] },
    { name: "comes from a host of 2026", said: [request(1)], isModern: true },
    { name: "holds a message of 2026", said: [{ ...request(1), params: { _meta: { "io.modelcontextprotocol/protocolVersion": "x" } } }] },
    { name: "initializes", said: [request(1, "initialize"), NOTIFICATION] },
    { name: "holds more than it may", said: Array.from({ length: 101 }, (_, id) => request(id)) },
  ])("is refused with one error when it $name", ({ said, isModern = false }) => {
    const at = host({ isModern });

    at.take(said);

    expect([at.given, at.sent]).toEqual([[], [failed(-32_600)]]);
  });

  it("is gone through one after the other, and answered in one line", async () => {
    const at = host();

    at.take([request("a"), NOTIFICATION, 5, [], RESPONSE, request(1)]);
    const first = [...at.given];
    at.answer("a");
    await expect.poll(() => at.given).toHaveLength(4);
    at.answer(1);
    await expect.poll(() => at.sent).toHaveLength(1);

    expect(first).toEqual([request("a")]);
    expect(at.given).toEqual([request("a"), NOTIFICATION, RESPONSE, request(1)]);
    expect(at.sent).toEqual([[done("a"), failed(-32_600), failed(-32_600), done(1)]]);
  });

  it("has no answer where nothing is asked", async () => {
    const at = host();

    at.take([NOTIFICATION, RESPONSE]);
    await expect.poll(() => at.given).toHaveLength(2);

    expect(at.sent).toEqual([]);
  });

  it("does not hold up what comes beside it", async () => {
    const at = host();

    at.take([request(1)]);
    at.take(request(2));
    at.answer(2);
    at.answer(1);
    await expect.poll(() => at.sent).toEqual([done(2), [done(1)]]);
  });

  it("goes on behind a request that is taken back", async () => {
    const at = host();

    at.take([request(1), request(2)]);
    at.lines.cancelled(7);
    at.lines.cancelled(1);
    await expect.poll(() => at.given).toHaveLength(2);
    at.answer(2);

    await expect.poll(() => at.sent).toEqual([[done(2)]]);
  });

  it("leaves out a request that is taken back before its turn", async () => {
    const at = host();

    at.take([request(1), request(2), NOTIFICATION, request(3)]);
    at.lines.cancelled(2);
    at.answer(1);
    await expect.poll(() => at.given).toHaveLength(3);
    at.answer(3);

    await expect.poll(() => at.sent).toEqual([[done(1), done(3)]]);
    expect(at.given).toEqual([request(1), NOTIFICATION, request(3)]);
  });

  it("is answered whole when another one has a request of the same id under way", async () => {
    const at = host();

    at.take([request(1)]);
    at.take([request(1), request(2)]);
    await expect.poll(() => at.given).toHaveLength(2);
    at.answer(2);
    at.answer(1);

    await expect.poll(() => at.sent).toEqual(expect.arrayContaining([[failed(-32_600, 1), done(2)], [done(1)]]));
  });
});

describe("what an answer hands over", () => {
  it("has been handed over when the answers of its array have left", async () => {
    const at = host();
    const told: boolean[] = [];

    at.take([request(1), request(2)]);
    at.lines.whenSent(1, (isSent) => told.push(isSent));
    at.answer(1);
    await expect.poll(() => at.given).toHaveLength(2);
    const before = [...told];
    at.answer(2);
    await expect.poll(() => at.sent).toHaveLength(1);

    expect([before, told]).toEqual([[], [true]]);
  });

  it("has not been when the host goes before, and nothing more is begun", async () => {
    const at = host();
    const told: boolean[] = [];

    at.take([request(1), request(2), request(3)]);
    at.lines.whenSent(1, (isSent) => told.push(isSent));
    at.answer(1);
    await expect.poll(() => at.given).toHaveLength(2);
    at.lines.end();
    at.answer(2);
    await nextTurn();

    expect([told, at.given]).toEqual([[false], [request(1), request(2)]]);
  });

  it("has been at once of what stands in no array", () => {
    const at = host();
    const told: boolean[] = [];

    at.take(request(1));
    at.lines.whenSent(1, (isSent) => told.push(isSent));

    expect(told).toEqual([true]);
  });
});

it("tells each request one thing, and nothing to whatever asks nothing, in whichever lines they come and are answered", async () => {
  const said = fc.constantFrom("request", "notification", "answer", "nothing");
  const lines = fc.array(fc.oneof(said, fc.array(said, { minLength: 1, maxLength: 4 })), { maxLength: 8 });

  await fc.assert(
    fc.asyncProperty(lines, fc.infiniteStream(fc.nat()), async (drawn, choices) => {
      const at = host();
      let ids = 0;
      const write = (kind: string) =>
        ({ request: request((ids += kind === "request" ? 1 : 0)), notification: NOTIFICATION, answer: RESPONSE })[kind] ?? 7;
      const answered = new Set<unknown>();
      const open = () => at.given.flatMap(({ id, method }) => (method === undefined || id === undefined || answered.has(id) ? [] : [id]));

      for (const line of drawn) at.take(typeof line === "string" ? write(line) : line.map(write));
      await nextTurn();
      for (let waiting = open(); waiting.length > 0; waiting = open()) {
        const id = waiting[(choices.next().value ?? 0) % waiting.length];
        answered.add(id);
        at.answer(id);
        await nextTurn();
      }

      const told = at.sent.flat().map((answer) => (answer as { readonly id: unknown }).id);
      const nothings = drawn.flat().filter((kind) => kind === "nothing");
      expect(told.filter((id) => id !== null).sort((one, other) => Number(one) - Number(other))).toEqual(
        Array.from({ length: ids }, (_, index) => index + 1),
      );
      expect(told.filter((id) => id === null)).toHaveLength(nothings.length);
      expect(at.sent.filter((line) => Array.isArray(line) && line.length === 0)).toEqual([]);
    }),
  );
});
