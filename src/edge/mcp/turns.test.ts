import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, it } from "vitest";
import { createTurns } from "./turns.ts";

it("does nothing at once, and then so much in each turn, in order and each thing once", async () => {
  const done: number[] = [];
  const turns = createTurns((thing: number) => done.push(thing), 2);

  for (const thing of [1, 2, 1, 3, 4, 5]) turns.add(thing);
  const seen = [[...done]];
  for (let turn = 0; turn < 3; turn += 1) {
    await nextTurn();
    seen.push([...done]);
  }

  expect(seen).toEqual([[], [1, 2], [1, 2, 3, 4], [1, 2, 3, 4, 5]]);
});

it("gives a thing that comes again while its turn is under way another one, and does not go on with it alone", async () => {
  const done: string[] = [];
  const turns = createTurns((thing: string) => {
    done.push(thing);
    if (done.length < 6) turns.add(thing);
  }, 2);

  turns.add("a");
  turns.add("b");
  const turn = nextTurn();
  await turn;
  const first = [...done];
  await expect.poll(() => done.length).toBe(7);

  expect([first, done]).toEqual([
    ["a", "b"],
    ["a", "b", "a", "b", "a", "b", "a"],
  ]);
});
