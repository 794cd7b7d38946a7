import { describe, expect, it } from "vitest";
import { type BusChange, followBus } from "./bus-events.ts";
import { event, scriptedBus, STREAM } from "./scripted-bus.test.fixture.ts";

function follow(base: string, silenceMs?: number) {
  const told: (readonly BusChange[] | undefined | "open")[] = [];
  const ends = new AbortController();
  const over = followBus(
    { base, token: "t" },
    {
      onOpen: () => void told.push("open"),
      onChanges: (changes) => void told.push(changes),
      signal: ends.signal,
      ...(silenceMs === undefined ? {} : { silenceMs }),
    },
  );
  return { told, over, end: () => ends.abort() };
}

describe("the events of a bus", () => {
  it("are asked for with what lets us in, and told change by change, however they are cut up", async () => {
    await using bus = await scriptedBus();
    const following = follow(bus.base);
    const { path, authorization, answer } = await bus.opened();
    const changes = [{ change: "message_posted", topic: "ü" }, { change: "lane_claimed" }, "nonsense"];
    const text = Buffer.from(`: connected\n\n${event("board", { changes })}${event("gap", {})}${event("board", { changes: 7 })}`);

    answer.writeHead(200, STREAM);
    for (const byte of text) answer.write(Buffer.of(byte));
    answer.end();
    await following.over;

    expect([path, authorization]).toEqual(["/api/bus/events", "Bearer t"]);
    expect(following.told).toEqual(["open", changes.slice(0, 2), undefined, undefined]);
  });

  it.each([
    { name: "says no", status: 401, headers: STREAM },
    { name: "sends a page", status: 200, headers: { "content-type": "text/html" } },
  ])("are over at once, and were never followed, when it $name", async ({ status, headers }) => {
    await using bus = await scriptedBus();
    const following = follow(bus.base);
    const { answer } = await bus.opened();

    answer.writeHead(status, headers).write("no");
    await following.over;

    expect(following.told).toEqual([]);
  });

  it("are over when nobody listens, when the bus is silent, when it sends what has no end, and when nobody wants them", async () => {
    await using bus = await scriptedBus();
    const nobody = follow("http://127.0.0.1:1/api/bus");
    const silent = follow(bus.base, 50);
    (await bus.opened()).answer.writeHead(200, STREAM).write(": connected\n\n");
    await Promise.all([nobody.over, silent.over]);

    const endless = follow(bus.base);
    (await bus.opened()).answer.writeHead(200, STREAM).write("x".repeat(2 * 1024 * 1024));
    await endless.over;
    const unwanted = follow(bus.base);
    await bus.opened();
    unwanted.end();
    await unwanted.over;

    expect([nobody.told, silent.told, endless.told, unwanted.told]).toEqual([[], ["open"], ["open"], []]);
  });
});
