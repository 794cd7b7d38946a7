/** Deadlines against the simplest thing that could be right: a sorted list. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { createDeadlines } from "./deadlines.ts";

it("gives the earliest first, ties by id", () => {
  const deadlines = createDeadlines();
  for (const [id, dueAtMs] of [
    ["b", 2],
    ["c", 1],
    ["a", 2],
  ] as const)
    deadlines.set(id, dueAtMs);

  const order = [];
  for (let first = deadlines.first(); first !== undefined; first = deadlines.first()) {
    order.push(first.id);
    deadlines.set(first.id, undefined);
  }

  expect(order).toEqual(["c", "a", "b"]);
});

it("is a sorted list in which each id stands once, whatever is set, moved and cleared", () => {
  const change = fc.tuple(fc.constantFrom("a", "b", "c", "d", "e"), fc.option(fc.nat(5), { nil: undefined }));

  fc.assert(
    fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
      const deadlines = createDeadlines();
      const model = new Map<string, number>();
      for (const [id, dueAtMs] of changes) {
        deadlines.set(id, dueAtMs);
        if (dueAtMs === undefined) model.delete(id);
        else model.set(id, dueAtMs);

        const [first] = [...model].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
        expect(deadlines.first()).toEqual(first === undefined ? undefined : { id: first[0], dueAtMs: first[1] });
        expect(deadlines.size).toBe(model.size);
      }
    }),
    { numRuns: 100 },
  );
});

it("loses nothing when it is cleaned of what was moved", () => {
  const deadlines = createDeadlines();
  const ids = Array.from({ length: 40 }, (_, index) => `id${index}`);
  for (const [index, id] of ids.entries()) deadlines.set(id, index);
  for (let round = 0; round < 1_000; round += 1) deadlines.set("moved", 1_000 - (round % 2));

  const order = [];
  for (let first = deadlines.first(); first !== undefined; first = deadlines.first()) {
    order.push(first.id);
    deadlines.set(first.id, undefined);
  }

  expect(order).toEqual([...ids, "moved"]);
});
