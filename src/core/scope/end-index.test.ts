import fc from "fast-check";
import { expect, it } from "vitest";
import { createEndIndex } from "./end-index.ts";

const name = fc.constantFrom("a", "b", "__proto__");
const end = fc.record({ name, folder: fc.constantFrom("", "a", "b") });
const step = fc.record({ id: fc.constantFrom("ana", "bo", "cy"), end, held: fc.boolean() });

it("answers what a look at every end answers, after any adding and removing", () => {
  const modules = fc.oneof(
    name,
    end.filter(({ folder }) => folder !== "").map((one) => `${one.folder}/${one.name}`),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), modules, (steps, module) => {
      const index = createEndIndex();
      const all = new Map<string, { readonly id: string; readonly end: { readonly name: string; readonly folder: string } }>();
      for (const { held, ...one } of steps) {
        if (held) index.add(one.id, one.end);
        else index.remove(one.id, one.end);
        if (held) all.set(JSON.stringify(one), one);
        else all.delete(JSON.stringify(one));
      }

      const expected = [...all.values()].filter(({ end: one }) => one.name === module || `${one.folder}/${one.name}` === module);
      expect(new Set(index.holders(module))).toEqual(new Set(expected.map(({ id }) => id)));

      for (const one of all.values()) index.remove(one.id, one.end);
      expect([index.size, [...index.holders(module)]]).toEqual([0, []]);
    }),
    { numRuns: 1_000 },
  );
});
