import { describe, expect, it } from "vitest";
import { createKeptStreams, isOfCall } from "./kept-streams.ts";
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

const idOf = (event = "") => /^id: (.*)$/m.exec(event)?.[1] ?? "";
const dataOf = (event: string) => /^data: (.*)$/m.exec(event)?.[1];

describe("a stream that answers a call", () => {
  it("goes on behind the event that a client names, at one place alone", () => {
    const owner = {};
    const streams = createKeptStreams();
    const [first, second] = [recorder(), recorder()];
    const stream = streams.open(owner, first.outlet);
    stream.begin(5);
    stream.send({ n: 1 });

    const found = streams.find(owner, idOf(first.said[0]));
    found?.stream.resume(found.after, second.outlet);
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
    const stream = streams.open(owner, first.outlet);
    stream.begin(5);

    stream.part();
    stream.send({ n: 1 });
    stream.end();
    const found = streams.find(owner, idOf(first.said[0]));
    found?.stream.resume(found.after, second.outlet);

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
    streams.open(own, outlet).send({});

    expect(streams.find(owner ?? own, id(idOf(said[0])))).toBeUndefined();
  });

  it("is forgotten with its session, and when there is no room, the oldest first", () => {
    const [ana, bo] = [{}, {}];
    const streams = createKeptStreams(400);
    const [a, b, c] = [recorder(), recorder(), recorder()];
    streams.open(ana, a.outlet).send({ text: "x".repeat(100) });
    streams.open(bo, b.outlet).send({ text: "x".repeat(100) });
    streams.open(bo, c.outlet).send({ text: "x".repeat(100) });

    const oldest = streams.find(ana, idOf(a.said[0]));
    const newest = streams.find(bo, idOf(c.said[0]));
    streams.forget(bo);

    expect([oldest, newest === undefined, streams.find(bo, idOf(c.said[0]))]).toEqual([undefined, false, undefined]);
  });
});

it("tells ids of calls from places in the logs", () => {
  expect([isOfCall(`call.${"a".repeat(22)}.1`), isOfCall("s1.b2.m3"), isOfCall("call.x.1")]).toEqual([true, false, false]);
});
