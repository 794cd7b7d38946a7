import fc from "fast-check";
import { expect, it } from "vitest";
import { AgeingMap } from "./ageing-map.ts";

it("loses its entries in the order in which a plain map holds them, whatever is set again meanwhile", () => {
  const step = fc.oneof(fc.record({ key: fc.nat(12), value: fc.nat() }), fc.constant("drop" as const));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const ageing = new AgeingMap<number, number>();
      const plain = new Map<number, number>();
      for (const taken of steps) {
        if (taken === "drop") {
          ageing.dropOldest();
          for (const oldest of [...plain.keys()].slice(0, 1)) plain.delete(oldest);
        } else {
          ageing.set(taken.key, taken.value);
          plain.set(taken.key, taken.value);
        }
        expect(ageing.oldest).toBe([...plain.keys()][0]);
        expect([...ageing]).toEqual([...plain]);
      }
    }),
  );
});
