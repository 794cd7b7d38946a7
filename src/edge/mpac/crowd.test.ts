import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createCrowd, type Listener } from "./crowd.ts";

/** Writes down what leaves, and with what. */
function listener() {
  const writes: string[][] = [];
  let waiting: string[] = [];
  const self = {
    writes,
    queueFrame: (frame: Buffer) => waiting.push(frame.toString()) === 1,
    sendFrame(frame: Buffer) {
      self.queueFrame(frame);
      self.flush();
    },
    flush() {
      if (waiting.length > 0) writes.push(waiting);
      waiting = [];
    },
  };
  return self satisfies Listener;
}

function crowdOf(size: number) {
  const listeners = Array.from({ length: size }, listener);
  const crowd = createCrowd(() => size);
  const tell = (...texts: readonly string[]) => texts.forEach((text) => crowd.tell(listeners, Buffer.from(text)));
  return { listeners, tell, crowd, written: () => listeners.map(({ writes }) => writes) };
}

const everyone = <Writes>(size: number, writes: Writes): Writes[] => Array.from({ length: size }, () => writes);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("what everybody is told", () => {
  it.each([1, 2, 19])("leaves at once where %i listen", (size) => {
    const { tell, written } = crowdOf(size);

    tell("one", "two");

    expect(written()).toEqual(everyone(size, [["one"], ["two"]]));
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    { size: 20, waitMs: 1 },
    { size: 64, waitMs: 3 },
    { size: 100, waitMs: 5 },
    { size: 5_000, waitMs: 5 },
  ])("leaves together after $waitMs ms where $size listen", ({ size, waitMs }) => {
    const { tell, written } = crowdOf(size);

    tell("one");
    vi.advanceTimersByTime(waitMs - 1);
    tell("two");
    const before = written().flat(2).length;
    vi.advanceTimersByTime(1);
    tell("three");

    expect(before).toBe(0);
    expect(written()).toEqual(everyone(size, [["one", "two"]]));
    expect(vi.getTimerCount()).toBe(1);
  });

  it("leaves with what one of them is answered, in the order in which it was said", () => {
    const { tell, listeners } = crowdOf(64);
    const [answered, other] = listeners as [ReturnType<typeof listener>, ReturnType<typeof listener>];

    tell("one", "two");
    answered.sendFrame(Buffer.from("answer"));
    tell("three");
    vi.runAllTimers();

    expect(answered.writes).toEqual([["one", "two", "answer"], ["three"]]);
    expect(other.writes).toEqual([["one", "two", "three"]]);
  });

  it("leaves when the session is left", () => {
    const { tell, crowd, written } = crowdOf(64);

    tell("one");
    crowd[Symbol.dispose]();

    expect(written()).toEqual(everyone(64, [["one"]]));
    expect(vi.getTimerCount()).toBe(0);
  });
});
