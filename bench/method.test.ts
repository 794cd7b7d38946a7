import { describe, expect, it } from "vitest";
import { compare, inTurn, isNoisy, isReached, median, medianOf, oneByOne, percentile, spreadOf, verdictOf } from "./method.ts";

const still = { p10: 0.98, median: 1, p90: 1.02 };

describe("figures", () => {
  it("takes the middle value, whatever order they come in", () => {
    expect(median([9, 1, 5])).toBe(5);
  });

  it("goes between two values where the middle falls between them", () => {
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  it("finds what a tenth is below and above", () => {
    expect(spreadOf([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).toEqual({ p10: 1, median: 5, p90: 9 });
  });

  it("leaves the values as they were", () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it("has nothing to say about no values", () => {
    expect(() => percentile([], 0.5)).toThrow(RangeError);
  });

  it("takes the middle of what the operations took", async () => {
    const took = [5, 1, 100];
    expect(await medianOf(3, async (index) => took[index] as number)).toBe(5);
  });
});

describe("comparing", () => {
  it("alternates the limit, the candidate and the limit again", async () => {
    const order: string[] = [];
    const say = (side: string) => async (block: number) => {
      order.push(`${side}${block}`);
      return 1;
    };
    await compare(inTurn({ limit: say("limit"), candidate: say("candidate") }), 1, 1);

    expect(order).toEqual(["limit0", "candidate0", "limit0", "limit1", "candidate1", "limit1"]);
  });

  it("drops the first blocks", async () => {
    const { ratio } = await compare(inTurn({ limit: async () => 10, candidate: async (block) => (block < 3 ? 1_000 : 20) }), 4);

    expect(ratio).toEqual({ p10: 2, median: 2, p90: 2 });
  });

  it("holds a block's candidate against both limits of its own block", async () => {
    const limits = [10, 30, 100, 100];
    const { ratio, same } = await compare(
      inTurn({ limit: async () => limits.shift() as number, candidate: async (block) => (block === 0 ? 40 : 200) }),
      2,
      0,
    );

    expect(ratio).toEqual({ p10: 2, median: 2, p90: 2 });
    expect(same.median).toBe((30 / 10 + 1) / 2);
  });

  it("takes the middle of operations that alternate one by one", async () => {
    const order: string[] = [];
    const figures = { limit: [1, 3, 1, 9, 1, 3], candidate: [2, 50, 4] };
    const next = (side: "limit" | "candidate") => async () => {
      order.push(side);
      return figures[side].shift() as number;
    };

    const block = await oneByOne({ limit: next("limit"), candidate: next("candidate") }, 3)(0);

    expect(order).toEqual(Array.from({ length: 3 }, () => ["limit", "candidate", "limit"]).flat());
    expect(block).toEqual({ before: 1, between: 4, after: 3 });
  });

  it("gives one ratio a block, not the ratio of two medians", async () => {
    const limits = [1, 1, 10, 10, 10, 10];
    const candidates = [3, 3, 20];
    const sides = { limit: async () => limits.shift() as number, candidate: async () => candidates.shift() as number };
    const { ratio } = await compare(inTurn(sides), 3, 0);

    expect(ratio.median).toBe(2);
  });
});

describe("verdicts", () => {
  it.each([
    [{ atMost: 2.6 }, 2.6, true],
    [{ atMost: 2.6 }, 2.61, false],
    [{ below: 1 }, 0.99, true],
    [{ below: 1 }, 1, false],
    [{ atLeast: 0.15 }, 0.15, true],
    [{ atLeast: 0.15 }, 0.149, false],
  ])("holds %o against %d", (goal, figure, reached) => {
    expect(isReached(goal, figure)).toBe(reached);
  });

  it.each([
    [{ p10: 0.76, median: 1, p90: 1.24 }, false],
    [{ p10: 0.74, median: 1, p90: 1 }, true],
    [{ p10: 1, median: 1, p90: 1.26 }, true],
  ])("finds %o noisy: %s", (same, noisy) => {
    expect(isNoisy(same)).toBe(noisy);
  });

  const ratio = (value: number) => ({ p10: value, median: value, p90: value });

  it("tells a met goal from a missed one", () => {
    expect(verdictOf({ atMost: 1.5 }, { ratio: ratio(1.4), same: still })).toBe("met");
    expect(verdictOf({ atMost: 1.5 }, { ratio: ratio(1.6), same: still })).toBe("missed");
  });

  it("says neither where the limit does not agree with itself", () => {
    const same = { p10: 0.6, median: 1, p90: 1.6 };
    expect(verdictOf({ atMost: 1.5 }, { ratio: ratio(1.4), same })).toBe("inconclusive");
    expect(verdictOf({ atMost: 1.5 }, { ratio: ratio(9), same })).toBe("inconclusive");
  });

  it("reports what has no goal", () => {
    expect(verdictOf(undefined, { ratio: ratio(9), same: still })).toBe("report");
  });
});
