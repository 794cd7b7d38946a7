import { once } from "node:events";
import { expect, it } from "vitest";
import type { BusChange } from "../client/bus-events.ts";
import { event, type Opened, scriptedBus, STREAM } from "../client/scripted-bus.test.fixture.ts";
import { createBoardNews } from "./board-news.ts";

const CLAIMED = [{ change: "lane_claimed" }];

/** A bridge that may be joined at a bus. */
async function at() {
  const bus = await scriptedBus();
  const told: (readonly BusChange[] | undefined)[] = [];
  let isJoined = false;
  let asked = 0;
  const news = createBoardNews({
    address() {
      asked += 1;
      return Promise.resolve(isJoined ? { base: bus.base, token: undefined } : undefined);
    },
    onBoard: (changes) => void told.push(changes),
    pace: { firstMs: 1, mostMs: 2 },
  });
  return {
    bus,
    told,
    news,
    asked: () => asked,
    join(is = true) {
      isJoined = is;
      if (is) news.joined();
    },
    async [Symbol.asyncDispose]() {
      news.leave();
      await bus[Symbol.asyncDispose]();
    },
  };
}

function tell({ answer }: Opened, changes: readonly object[] = CLAIMED): void {
  if (!answer.headersSent) answer.writeHead(200, STREAM);
  answer.write(event("board", { changes }));
}

it("the bus is asked when somebody wants to hear of it and the session is joined, once for all of it, until nobody does", async () => {
  await using ana = await at();
  ana.join();
  expect(ana.asked()).toBe(0);

  ana.join(false);
  ana.news.want(true);
  ana.news.want(true);
  await expect.poll(() => ana.asked()).toBe(1);
  ana.join();
  const followed = await ana.bus.opened();
  tell(followed);
  await expect.poll(() => ana.told).toEqual([undefined, CLAIMED]);
  const closed = once(followed.answer, "close");
  ana.news.want(false);
  await closed;
  ana.join();

  expect(ana.asked()).toBe(2);
});

it("a stream that ends is asked for again, and then everything may have changed", async () => {
  await using ana = await at();
  ana.join();
  ana.news.want(true);
  const first = await ana.bus.opened();
  tell(first);
  await expect.poll(() => ana.told).toHaveLength(2);

  first.answer.end();
  tell(await ana.bus.opened(), []);

  await expect.poll(() => ana.told).toEqual([undefined, CLAIMED, undefined, []]);
});

it("a session that was left is waited for, and nothing is asked meanwhile", async () => {
  await using ana = await at();
  ana.join();
  ana.news.want(true);
  const first = await ana.bus.opened();
  tell(first);
  await expect.poll(() => ana.told).toHaveLength(2);

  ana.join(false);
  first.answer.end();
  await expect.poll(() => ana.asked()).toBe(2);
  ana.join();
  tell(await ana.bus.opened());

  await expect.poll(() => ana.told).toEqual([undefined, CLAIMED, undefined, CLAIMED]);
});

it("nobody who has left is told anything, whoever wants it", async () => {
  await using ana = await at();
  ana.join();
  ana.news.leave();
  ana.news.want(true);

  expect(ana.asked()).toBe(0);
});
