/** What leaves over the stream of a listener, how often, and when it is let go. */
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { ListenWords } from "../../mcp/plain-listen.ts";
import { Listening, type ListeningOptions } from "./listening.ts";
import { createTurns } from "./turns.ts";

const LONG_MS = 3_600_000;

const LISTEN = { id: 7, uris: ["a", "b"], clientName: "host" };
const WORDS: ListenWords = {
  acknowledged: ({ uris }) => `following ${uris.join(" ")}`,
  updated: (id, uri) => `${uri} of ${id}`,
  ended: (id) => `end of ${id}`,
};

/** A response that takes so many bytes unread. */
function opened({ takes = 16_384, heartbeatMs = LONG_MS }: { readonly takes?: number; readonly heartbeatMs?: number } = {}) {
  let ended = 0;
  const heads: unknown[] = [];
  const response = Object.assign(new PassThrough({ highWaterMark: takes }), { writeHead: (...head: unknown[]) => heads.push(head) });
  const outgoing = response as unknown as ListeningOptions["outgoing"];
  const turns = createTurns((one: Listening) => one.tell());
  const listening = new Listening({ outgoing, id: 7, words: WORDS, turns, onEnd: () => (ended += 1), heartbeatMs });
  /** All that was said since, without what every event has around it. */
  const taken = async (): Promise<string[]> => {
    const said: string[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      await nextTurn();
      said.push(...String(response.read() ?? "").split("\n\n"));
    }
    return said.flatMap((event) => (event === "" ? [] : event.replace("event: message\ndata: ", "")));
  };
  return { listening, response, heads, taken, ended: () => ended };
}

/** Lets everybody have had a turn. */
async function pass(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
}

describe("a listener", () => {
  it("is told first what it follows, and of what changed before that behind it", async () => {
    const { listening, heads, taken } = opened();

    listening.changed("a");
    await pass();
    listening.begin(LISTEN, { "content-type": "text/event-stream" });

    expect(await taken()).toEqual(["following a b", "a of 7"]);
    expect(heads).toEqual([[200, { "content-type": "text/event-stream" }]]);
  });

  it("is told once of what changes several times before its turn, and again of what changes later", async () => {
    const { listening, taken } = opened();
    listening.begin(LISTEN, {});
    await taken();

    for (const uri of ["a", "b", "a", "a"]) listening.changed(uri);
    const first = await taken();
    listening.changed("a");

    expect([first, await taken()]).toEqual([["a of 7", "b of 7"], ["a of 7"]]);
  });

  it("that takes nothing has nothing waiting but which resources changed, and is told of each when it takes again", async () => {
    const { listening, response, taken } = opened({ takes: 16 });
    listening.begin(LISTEN, {});
    await pass();
    const before = response.writableLength + response.readableLength;

    for (let round = 0; round < 100; round += 1) {
      listening.changed(round % 2 === 0 ? "a" : "b");
      await nextTurn();
    }
    const after = response.writableLength + response.readableLength;

    expect(after).toBe(before);
    expect(await taken()).toEqual(["following a b", "a of 7", "b of 7"]);
  });

  it("is not left in silence", async () => {
    const { listening, taken, response } = opened({ heartbeatMs: 1 });

    listening.begin(LISTEN, {});

    await expect.poll(taken).toContain(": heartbeat");
    response.destroy();
  });

  it("that takes nothing for some heartbeats is let go", async () => {
    const { listening, response, ended } = opened({ takes: 16, heartbeatMs: 1 });

    listening.begin(LISTEN, {});

    await expect.poll(ended).toBe(1);
    expect([response.destroyed, listening.isOver]).toEqual([true, true]);
  });

  it("that takes something now and then is kept", async () => {
    const { listening, response, taken, ended } = opened({ takes: 8 });
    listening.begin(LISTEN, {});

    for (let round = 0; round < 10; round += 1) {
      for (let beat = 0; beat < 3; beat += 1) listening.beat();
      await taken();
    }

    expect([ended(), response.destroyed]).toEqual([0, false]);
  });

  it("hears the end behind what it was told, and nothing after it", async () => {
    const { listening, response, taken, ended } = opened();
    listening.begin(LISTEN, {});

    listening.end();
    listening.end();
    listening.changed("a");
    listening.beat();
    const said = await taken();

    expect([said, response.errored, ended()]).toEqual([["following a b", "end of 7"], null, 1]);
  });

  it("that has the end and does not take it is let go", async () => {
    const { listening, ended } = opened({ takes: 16, heartbeatMs: 1 });
    listening.begin(LISTEN, {});

    listening.end();

    await expect.poll(ended).toBe(1);
  });

  it("that is let go while it waits for its turn on a connection is written nothing more", () => {
    const outgoing = new ServerResponse(new IncomingMessage(new Socket()));
    const turns = createTurns((one: Listening) => one.tell());
    const listening = new Listening({ outgoing, id: 7, words: WORDS, turns, onEnd: () => undefined, heartbeatMs: LONG_MS });
    listening.begin({ ...LISTEN, uris: ["x".repeat(outgoing.writableHighWaterMark)] }, {});

    for (let beat = 0; beat < 4; beat += 1) listening.beat();
    const before = [outgoing.destroyed, outgoing.listenerCount("drain")];
    for (let beat = 0; beat < 4; beat += 1) listening.beat();

    expect([before, outgoing.listenerCount("drain")]).toEqual([[true, 1], 1]);
  });

  it("leaves no heartbeat behind", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const { listening, response, ended } = opened();
    listening.begin(LISTEN, {});
    const before = vi.getTimerCount();

    response.destroy();
    await pass();

    expect([ended(), before, vi.getTimerCount()]).toEqual([1, 1, 0]);
  });

  it.each(["before it began", "afterwards"])("that goes away %s is told nothing", async (when) => {
    const { listening, response, heads, ended } = opened();
    if (when === "afterwards") listening.begin(LISTEN, {});
    response.destroy();
    await pass();

    listening.begin(LISTEN, {});
    listening.changed("a");
    listening.end();
    await pass();

    expect([heads.length, response.errored, ended(), listening.isOver]).toEqual([when === "afterwards" ? 1 : 0, null, 1, true]);
  });

  it("that has gone already when it comes in is over at once", () => {
    const gone = new PassThrough().destroy() as unknown as ListeningOptions["outgoing"];
    let ended = 0;

    const turns = createTurns((one: Listening) => one.tell());
    const { isOver } = new Listening({ outgoing: gone, id: 7, words: WORDS, turns, onEnd: () => (ended += 1) });

    expect([isOver, ended]).toEqual([true, 1]);
  });
});
