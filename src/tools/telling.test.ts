import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Progress } from "./asking.ts";
import { telling } from "./telling.ts";
import { TestSession } from "./session.test.fixture.ts";
import { caller } from "./worktree.test.fixture.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A call that waits as long as the test says, and what is told of it. */
function call(limitMs: number, signal?: AbortSignal) {
  const told: Progress[] = [];
  let over: (result: string) => void = () => undefined;
  let said = 0;
  const say = async () => `waiting ${(said += 1)}`;
  const ended = telling(
    { progress: (progress) => told.push(progress), signal },
    { limitMs, say },
    () => new Promise<string>((resolve) => (over = resolve)),
  );
  return { told, ended, over: () => over("done") };
}

describe("a call that waits", () => {
  it("tells how far it has come after two seconds, and then every five", async () => {
    const { told } = call(30_000);

    await vi.advanceTimersByTimeAsync(1_999);
    const early = told.length;
    await vi.advanceTimersByTimeAsync(5_001);

    expect(early).toBe(0);
    expect(told).toEqual([
      { done: 2, total: 30, message: "waiting 1" },
      { done: 7, total: 30, message: "waiting 2" },
    ]);
  });

  it("tells nothing any more once it is over, or cancelled", async () => {
    const cancelled = new AbortController();
    const [one, two] = [call(30_000), call(30_000, cancelled.signal)];
    await vi.advanceTimersByTimeAsync(2_000);

    one.over();
    cancelled.abort();
    await one.ended;
    await vi.advanceTimersByTimeAsync(60_000);

    expect([one.told.length, two.told.length]).toEqual([1, 1]);
    expect(await one.ended).toBe("done");
    two.over();
    await two.ended;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("tells nothing when it waits for less than two seconds, or nobody asked", async () => {
    const short = call(2_000);
    const silent = telling({}, { limitMs: 30_000, say: () => Promise.reject(new Error("not asked")) }, async () => "done");

    await vi.advanceTimersByTimeAsync(10_000);

    expect(short.told).toEqual([]);
    expect(await silent).toBe("done");
  });

  it("goes on when what is told cannot be found out", async () => {
    const told: Progress[] = [];
    const work = () => new Promise<string>((resolve) => void setTimeout(() => resolve("done"), 8_000));
    const ended = telling({ progress: (one) => told.push(one) }, { limitMs: 30_000, say: () => Promise.reject(new Error("away")) }, work);

    await vi.advanceTimersByTimeAsync(8_000);

    expect([await ended, told]).toEqual(["done", []]);
  });
});

describe("begin_task that waits", () => {
  it("tells who is in the way", async () => {
    const session = new TestSession();
    session.holds("bo", "intent-bo", ["src/a.ts"]);
    const told: string[] = [];
    const progress = ({ message }: Progress) => void told.push(message);
    const coordination = session.as("ana");
    const waiting = {
      ...coordination,
      untilBegun: () => new Promise<undefined>((resolve) => void setTimeout(() => resolve(undefined), 3_000)),
    };
    const task = { objective: "mine", files: ["src/a.ts"], on_overlap: "wait" };

    const called = caller(session, "ana", { coordination: waiting, progress }).call("begin_task", task);
    await vi.advanceTimersByTimeAsync(3_000);
    await called;

    expect(told).toEqual(["waiting: bo holds src/a.ts since 13:56Z (for 4 min), 56 min left"]);
  });
});
