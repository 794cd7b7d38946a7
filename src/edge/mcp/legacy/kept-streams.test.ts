import { describe, expect, it } from "vitest";
import { createKeptStreams, isOfCall, type Room } from "./kept-streams.ts";
import type { Outlet } from "./outlet.ts";

function recorder() {
  const said: string[] = [];
  let isOpen = true;
  const outlet: Outlet = {
    body: new ReadableStream(),
    get isOpen() {
      return isOpen;
    },
    send: (text) => said.push(String(text)),
    drained: () => Promise.resolve(),
    end: () => (isOpen = false),
  };
  return { outlet, said };
}

/** A response that nobody waits to leave. */
const by = { leaves: () => undefined };

const idOf = (event = "") => /^id: (.*)$/m.exec(event)?.[1] ?? "";
const dataOf = (event: string) => /^data: (.*)$/m.exec(event)?.[1];

describe("a stream that answers a call", () => {
  it("goes on behind the event that a client names, at one place alone", () => {
    const owner = {};
    const streams = createKeptStreams();
    const [first, second] = [recorder(), recorder()];
    const stream = streams.open(owner, "ana", first.outlet, by);
    stream.begin(5);
    stream.send({ n: 1 });

    const found = streams.find(owner, idOf(first.said[0]));
    found?.stream.resume(found.after, second.outlet, by);
    stream.send({ n: 2 });
    stream.end();

    expect([first.said.length, first.outlet.isOpen]).toEqual([2, false]);
    expect(second.said.map(dataOf)).toEqual(['{"n":1}', '{"n":2}']);
    expect(second.outlet.isOpen).toBe(false);
  });

  it("goes on for a client that it sent away, with what was said in the meantime, to its end", () => {
    const owner = {};
    const streams = createKeptStreams();
    const [first, second] = [recorder(), recorder()];
    const stream = streams.open(owner, "ana", first.outlet, by);
    stream.begin(5);

    stream.part();
    stream.send({ n: 1 });
    stream.end();
    const found = streams.find(owner, idOf(first.said[0]));
    found?.stream.resume(found.after, second.outlet, by);

    expect([first.said.length, second.said.map(dataOf), second.outlet.isOpen]).toEqual([1, ['{"n":1}'], false]);
  });

  it.each([
    { name: "of another session", id: (id: string) => id, owner: {} },
    { name: "of no stream", id: () => `call.${"a".repeat(22)}.1`, owner: undefined },
    { name: "that is a place in the logs", id: () => "1-2-3", owner: undefined },
  ])("is not found by an id $name", ({ id, owner }) => {
    const own = {};
    const streams = createKeptStreams();
    const { outlet, said } = recorder();
    streams.open(own, "ana", outlet, by).send({});

    expect(streams.find(owner ?? own, id(idOf(said[0])))).toBeUndefined();
  });

  it("is forgotten with its session", () => {
    const [ana, bo] = [{}, {}];
    const streams = createKeptStreams();
    const [a, b] = [recorder(), recorder()];
    streams.open(ana, "ana", a.outlet, by).send({});
    streams.open(bo, "bo", b.outlet, by).send({});

    streams.forget(bo);

    expect([streams.find(ana, idOf(a.said[0])) !== undefined, streams.find(bo, idOf(b.said[0]))]).toEqual([true, undefined]);
  });
});

describe("where no more are kept", () => {
  const LONG = { text: "x".repeat(100) };

  /** Opens one stream after the other, each of this caller, and gives of whom each is that is kept in the end. */
  function kept(room: Room, ...callers: readonly string[]): string[] {
    const owner = {};
    const streams = createKeptStreams(room);
    const opened = callers.map((caller, index) => {
      const { outlet, said } = recorder();
      streams.open(owner, caller, outlet, by).send(LONG);
      return { name: `${caller}${index}`, said };
    });
    return opened.flatMap(({ name, said }) => (streams.find(owner, idOf(said[0])) === undefined ? [] : name));
  }

  it.each([
    { name: "of one caller its oldest goes", callers: ["ana", "ana", "ana"], stay: ["ana1", "ana2"] },
    { name: "the oldest goes of whoever has most", callers: ["bo", "ana", "ana"], stay: ["bo0", "ana2"] },
    { name: "who comes anew has its place", callers: ["ana", "ana", "bo", "bo"], stay: ["ana1", "bo3"] },
    { name: "nobody takes that of another by opening many", callers: ["bo", "ana", "ana", "ana", "ana"], stay: ["bo0", "ana4"] },
  ])("$name", ({ callers, stay }) => {
    expect([kept({ maxLength: 400 }, ...callers), kept({ maxStreams: 2 }, ...callers)]).toEqual([stay, stay]);
  });

  it("whoever said most gives way to who said little", () => {
    const owner = {};
    const streams = createKeptStreams({ maxLength: 600 });
    const [a, b, c] = [recorder(), recorder(), recorder()];
    streams.open(owner, "bo", b.outlet, by).send({});
    streams.open(owner, "bo", c.outlet, by).send({});
    const talkative = streams.open(owner, "ana", a.outlet, by);

    for (let time = 0; time < 6; time += 1) talkative.send(LONG);

    expect([a, b, c].map(({ said }) => streams.find(owner, idOf(said[0])) !== undefined)).toEqual([false, true, true]);
  });

  it("nothing of a stream that was dropped is kept while its call is under way", () => {
    const owner = {};
    const streams = createKeptStreams({ maxLength: 400 });
    const [first, later] = [recorder(), recorder()];
    const stream = streams.open(owner, "ana", first.outlet, by);
    stream.send(LONG);

    streams.forget(owner);
    stream.resume(0, later.outlet, by);
    stream.send({ n: 2 });

    expect(later.said.map(dataOf)).toEqual(['{"n":2}']);
  });

  it("what was dropped takes no room", () => {
    const owner = {};
    const streams = createKeptStreams({ maxLength: 400 });
    for (let round = 0; round < 20; round += 1) {
      streams.open({}, "ana", recorder().outlet, by).send(LONG);
      const other = {};
      streams.open(other, "cy", recorder().outlet, by).send(LONG);
      streams.forget(other);
    }
    const { outlet, said } = recorder();

    streams.open(owner, "bo", outlet, by).send(LONG);

    expect(streams.find(owner, idOf(said[0]))).toBeDefined();
  });
});

it("tells ids of calls from places in the logs", () => {
  expect([isOfCall(`call.${"a".repeat(22)}.1`), isOfCall("s1.b2.m3"), isOfCall("call.x.1")]).toEqual([true, false, false]);
});
