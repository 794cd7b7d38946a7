import { expect, it } from "vitest";
import { createAtOnce } from "./at-once.ts";

it("lets so many of one asker in at once, the others in their order as one ends and whoever else has had a turn of the loop, and another asker at any time", async () => {
  const atOnce = createAtOnce(2);
  const letIn: string[] = [];
  const turn = async (asker: string, question: string): Promise<Disposable> => {
    const own = await atOnce.turn(asker);
    letIn.push(question);
    return own;
  };
  const [first, second, third] = ["1", "2", "3", "4"].map((question) => turn("ana", question));
  await turn("bo", "bo's");
  const before = [...letIn];

  (await second)?.[Symbol.dispose]();
  for (let microtask = 0; microtask < 20; microtask += 1) await Promise.resolve();
  const atOnceBehind = [...letIn];
  await third;
  (await first)?.[Symbol.dispose]();

  await expect.poll(() => letIn).toHaveLength(5);
  expect([before, atOnceBehind, letIn]).toEqual([
    ["1", "2", "bo's"],
    ["1", "2", "bo's"],
    ["1", "2", "bo's", "3", "4"],
  ]);
});

it("keeps no place for whoever waits no longer, and a turn that came for whoever has it", async () => {
  const atOnce = createAtOnce(1);
  const [left, stays] = [new AbortController(), new AbortController()];
  const first = await atOnce.turn("ana");
  const second = atOnce.turn("ana", left.signal).catch(() => "waits no longer");
  const third = atOnce.turn("ana", stays.signal);

  left.abort();
  first[Symbol.dispose]();
  const had = await third;
  stays.abort();

  expect(await second).toBe("waits no longer");
  const fourth = atOnce.turn("ana");
  had[Symbol.dispose]();
  await expect(fourth).resolves.toBeDefined();
});
