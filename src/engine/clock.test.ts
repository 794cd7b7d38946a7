/** What time it is for decisions, whatever the clocks of the machine do. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTimeline } from "./clock.ts";
import { createManualClock } from "./manual-clock.test.fixture.ts";

const HOUR_MS = 3_600_000;

describe("now", () => {
  it("is the wall clock, in whole milliseconds", () => {
    const clock = createManualClock(1_000.7);
    const timeline = createTimeline(clock);

    clock.advance(0.6);

    expect(timeline.now()).toBe(1_001);
  });

  it("runs on by the monotonic clock while the wall clock has fallen back, until that has caught up", () => {
    const clock = createManualClock(HOUR_MS);
    const timeline = createTimeline(clock);
    clock.setWall(-10_000);

    clock.advance(4_000);
    expect(timeline.now()).toBe(HOUR_MS + 4_000);
    clock.setWall(9_000);
    expect(timeline.now()).toBe(HOUR_MS + 4_000);
    clock.setWall(5_000);

    expect(timeline.now()).toBe(clock.wallMs());
  });

  it("is never before what a log holds, and runs on from there", () => {
    const clock = createManualClock(0);
    const timeline = createTimeline(clock);

    timeline.atLeast(HOUR_MS);
    clock.advance(1_000);

    expect(timeline.now()).toBe(HOUR_MS + 1_000);
  });

  it("never falls, whatever happens", () => {
    const step = fc.tuple(
      fc.constantFrom("advance", "sleep", "setWall", "skipMonotonic", "atLeast"),
      fc.integer({ min: -100_000, max: 100_000 }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const clock = createManualClock(1_000_000);
        const timeline = createTimeline(clock);
        let last = timeline.now();
        for (const [what, ms] of steps) {
          if (what === "atLeast") timeline.atLeast(1_000_000 + ms);
          else if (what === "setWall") clock.setWall(ms);
          else clock[what as "advance" | "sleep" | "skipMonotonic"](Math.abs(ms));
          const now = timeline.now();
          expect(now).toBeGreaterThanOrEqual(last);
          last = now;
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe("a look at the clocks", () => {
  it.each<readonly [string, Parameters<typeof moved>[0], boolean]>([
    ["nothing but time between looks", (clock) => clock.advance(30_000), false],
    ["too long between looks", (clock) => clock.sleep(30_001), true],
    ["the wall clock ahead", (clock) => clock.setWall(30_001), true],
    ["the wall clock back", (clock) => clock.setWall(-30_001), true],
    ["the monotonic clock alone ahead", (clock) => clock.skipMonotonic(30_001), true],
    ["the wall clock a little back", (clock) => clock.setWall(-30_000), false],
    ["a log that ends in the future", (_clock, timeline) => timeline.atLeast(1_030_001), true],
    ["a log that ends a little later", (_clock, timeline) => timeline.atLeast(1_030_000), false],
  ])("that finds %s says whether nobody could be heard: %#", (_, move, isGap) => {
    expect(moved(move)).toEqual(isGap ? { gapSinceMs: 1_000_000 } : undefined);
  });

  it("says it once", () => {
    const clock = createManualClock();
    const timeline = createTimeline(clock);
    clock.sleep(HOUR_MS);
    timeline.beat();

    expect(timeline.beat()).toBeUndefined();
  });

  function moved(move: (clock: ReturnType<typeof createManualClock>, timeline: ReturnType<typeof createTimeline>) => void) {
    const clock = createManualClock(1_000_000);
    const timeline = createTimeline(clock);
    timeline.beat();
    move(clock, timeline);
    return timeline.beat();
  }
});

describe("a clock moved by hand", () => {
  it("wakes timers in order, each at its own moment, and those that they set", () => {
    const clock = createManualClock(0);
    const woken: (readonly [string, number])[] = [];
    const note = (what: string) => () => void woken.push([what, clock.monotonicMs()]);
    clock.after(20, note("second"));
    clock.after(10, () => {
      note("first")();
      clock.after(5, note("between"));
    });
    const dropped = clock.after(1, note("dropped"));
    dropped[Symbol.dispose]();

    clock.advance(20);

    expect(woken).toEqual([
      ["first", 10],
      ["between", 15],
      ["second", 20],
    ]);
    expect(clock.untilNextMs).toBeUndefined();
  });

  it("wakes late what fell due while it slept", () => {
    const clock = createManualClock(0);
    const woken: number[] = [];
    clock.after(10, () => woken.push(clock.monotonicMs()));
    clock.sleep(100);
    expect([woken, clock.untilNextMs]).toEqual([[], 0]);

    clock.advance(0);

    expect(woken).toEqual([100]);
  });
});
