import * as fc from "fast-check";
import { expect, it } from "vitest";
import { createLamportClock } from "./lamport.ts";

it("counts from one and rises above what it hears", () => {
  const clock = createLamportClock();

  const values = [clock.next(), clock.next()];
  clock.hear(1024);
  values.push(clock.next());
  clock.hear(3);
  values.push(clock.next());

  expect(values).toEqual([1, 2, 1026, 1028]);
});

it("always rises, whatever is heard, and is not thrown out of reach by nonsense", () => {
  fc.assert(
    fc.property(fc.array(fc.anything()), (heard) => {
      const clock = createLamportClock();
      let last = 0;
      for (const value of [...heard, Number.MAX_SAFE_INTEGER, -1, 0.5, "7"]) {
        clock.hear(value);
        const next = clock.next();
        expect(next).toBeGreaterThan(last);
        last = next;
      }
      expect(Number.isSafeInteger(last)).toBe(true);
    }),
    { numRuns: 50 },
  );
});
