import { describe, expect, it } from "vitest";
import { createBucket, FOREIGN_RATE } from "./rate.ts";

describe("the rate of a connection", () => {
  it.each([
    { name: "lets a burst through at once", at: [0, 0, 0], waits: [0, 0, 0] },
    { name: "makes the frame behind a burst wait for its share", at: [0, 0, 0, 0, 0], waits: [0, 0, 0, 100, 200] },
    { name: "gives back one frame for each share of time", at: [0, 0, 0, 100, 200], waits: [0, 0, 0, 0, 0] },
    { name: "holds no more than a burst after a long silence", at: [0, 60_000, 60_000, 60_000, 60_000], waits: [0, 0, 0, 0, 100] },
  ])("$name", ({ at, waits }) => {
    const bucket = createBucket({ perSecond: 10, burst: 3 });

    expect(at.map((nowMs) => bucket.take(nowMs))).toEqual(waits);
  });

  it("is not fallen behind by asking for what would take too long", () => {
    const bucket = createBucket({ perSecond: 10, burst: 1 });

    expect([0, 0, 0, 0, 0, 100].map((nowMs) => bucket.take(nowMs, 250))).toEqual([0, 100, 200, 300, 300, 200]);
  });

  it("is not fallen behind by asking in vain", () => {
    const bucket = createBucket({ perSecond: 10, burst: 2 });

    expect([0, 0, 0, 0, 0, 100, 100].map((nowMs) => bucket.takeNow(nowMs))).toEqual([0, 0, 100, 100, 100, 0, 100]);
  });

  it("is 200 frames a second for whoever comes from elsewhere, and 2,000 at once", () => {
    const bucket = createBucket(FOREIGN_RATE);
    let nowMs = 0;
    for (let sent = 0; sent < 4_000; sent += 1) nowMs += bucket.take(nowMs);

    expect(Math.round(nowMs)).toBe(10_000);
  });
});
