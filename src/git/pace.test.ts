import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { createPace, type PaceClock } from "./pace.ts";

/** A clock that stands until it is moved, with the one timer that a pace has. */
function handClock() {
  let nowMs = 0;
  let timer: { readonly dueAtMs: number; readonly act: () => void } | undefined;
  const clock: PaceClock = {
    nowMs: () => nowMs,
    after(delayMs, act) {
      const mine = { dueAtMs: nowMs + delayMs, act };
      timer = mine;
      return {
        [Symbol.dispose]() {
          if (timer === mine) timer = undefined;
        },
      };
    },
  };
  return {
    clock,
    /** When the timer is due, undefined when there is none. */
    due: () => timer?.dueAtMs,
    async moveTo(ms: number) {
      nowMs = ms;
      const ring = timer;
      if (ring !== undefined && ring.dueAtMs <= ms) {
        timer = undefined;
        ring.act();
      }
      await turn();
    },
  };
}

/** A look that ends when it is told to. */
function slowLook() {
  const begun: ((seen: string) => void)[] = [];
  return {
    look: () => new Promise<string>((resolve) => begun.push(resolve)),
    begun,
    async end(seen = "seen") {
      begun.at(-1)?.(seen);
      await turn();
    },
  };
}

function paced() {
  const hand = handClock();
  const work = slowLook();
  const pace = createPace(work.look, { delayMs: 100, pauseFactor: 3, unaskedMs: (tookMs) => 60_000 + tookMs, clock: hand.clock });
  return { hand, work, pace };
}

it("looks once for all that ask within the delay, which the first begins", async () => {
  const { hand, work, pace } = paced();
  pace.ask();
  await hand.moveTo(99);
  pace.ask();
  const dueAtMs = hand.due();
  await hand.moveTo(100);

  expect(dueAtMs).toBe(100);
  expect(work.begun).toHaveLength(1);
});

it("looks again for one that asks during a look, after three times what the look took", async () => {
  const { hand, work, pace } = paced();
  pace.ask();
  await hand.moveTo(100);
  await hand.moveTo(600);
  pace.ask();
  const duringLook = hand.due();
  await hand.moveTo(1_100);
  await work.end();
  const dueAtMs = hand.due();
  await hand.moveTo(4_100);

  expect([duringLook, dueAtMs]).toEqual([undefined, 4_100]);
  expect(work.begun).toHaveLength(2);
});

it("looks unasked when nobody asked for long, by what the last look took", async () => {
  const { hand, work, pace } = paced();
  void pace.now();
  await hand.moveTo(5);
  await work.end();
  const dueAtMs = hand.due();
  await hand.moveTo(60_010);

  expect(dueAtMs).toBe(60_010);
  expect(work.begun).toHaveLength(2);
});

it("gives a look that began after the question, one to all who ask during an earlier one", async () => {
  const { work, pace } = paced();
  const first = pace.now();
  const [second, third] = [pace.now(), pace.now()];
  await work.end("one");
  await work.end("two");

  expect(await Promise.all([first, second, third])).toEqual(["one", "two", "two"]);
  expect(work.begun).toHaveLength(2);
});

it("goes on after a look that went wrong, of which only those hear who wait for it", async () => {
  const hand = handClock();
  let looks = 0;
  const look = () => (++looks === 1 ? Promise.reject(new Error("no such disk")) : Promise.resolve(looks));
  const pace = createPace(look, { delayMs: 100, pauseFactor: 3, unaskedMs: () => 1_000, clock: hand.clock });

  await expect(pace.now()).rejects.toThrow("no such disk");
  await hand.moveTo(1_000);
  expect(await pace.now()).toBe(3);
});

it("begins no look that was asked for once it has ended", async () => {
  const { hand, work, pace } = paced();
  pace.ask();
  pace.end();
  const dueAtMs = hand.due();
  pace.ask();
  await hand.moveTo(100);

  expect([dueAtMs, hand.due()]).toEqual([undefined, undefined]);
  expect(work.begun).toEqual([]);
});

it("begins no look once it is disposed of, which waits for one in progress", async () => {
  const { hand, work, pace } = paced();
  void pace.now();
  const waiting = pace.now();
  let isDisposed = false;
  const disposing = pace[Symbol.asyncDispose]().then(() => (isDisposed = true));
  await turn();
  const before = isDisposed;
  await work.end();
  await disposing;
  await pace[Symbol.asyncDispose]();
  pace.ask();

  expect(before).toBe(false);
  expect([await waiting, await pace.now()]).toEqual([undefined, undefined]);
  expect(hand.due()).toBeUndefined();
  expect(work.begun).toHaveLength(1);
});
