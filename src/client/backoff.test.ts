import * as fc from "fast-check";
import { expect, it } from "vitest";
import { delayBefore, pause } from "./backoff.ts";

it("waits between half of a step and the whole of it, and steps double up to the longest", () => {
  const pace = { firstMs: 100, mostMs: 30_000 };

  fc.assert(
    fc.property(fc.nat(2_000), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, chance) => {
      const delayMs = delayBefore(attempt, { ...pace, chance: () => chance });
      const stepMs = Math.min(30_000, 100 * 2 ** attempt);

      expect(delayMs).toBeGreaterThanOrEqual(stepMs / 2);
      expect(delayMs).toBeLessThanOrEqual(stepMs);
    }),
    { numRuns: 100 },
  );
  expect([0, 1, 2].map((attempt) => delayBefore(attempt, { ...pace, chance: () => 0 }))).toEqual([50, 100, 200]);
});

it("ends a pause at once when its signal fires, before or during it", async () => {
  const stop = new AbortController();
  const paused = pause(3_600_000, stop.signal);

  stop.abort();

  await paused;
  await pause(3_600_000, stop.signal);
  expect(stop.signal.aborted).toBe(true);
});
