import { expect, it } from "vitest";
import { createReplays } from "./replays.ts";

it("takes a signature once for as long as it is good, each key its own", () => {
  let nowMs = 0;
  const replays = createReplays(() => nowMs);
  const first = [replays.take("ana", "a", 100), replays.take("ana", "a", 100), replays.take("bo", "a", 100), replays.take("ana", "b", 100)];
  nowMs = 100;

  expect(first).toEqual(["first", "again", "first", "first"]);
  expect(replays.take("ana", "a", 100)).toBe("again");
  nowMs = 101;
  expect(replays.take("ana", "a", 201)).toBe("first");
});

it("forgets none early when a key has signed as much as is kept, and harms no other key", () => {
  let nowMs = 0;
  const replays = createReplays(() => nowMs, 2);
  replays.take("ana", "a", 50);
  replays.take("ana", "b", 80);

  expect([replays.take("ana", "c", 90), replays.take("ana", "a", 50), replays.take("bo", "c", 90)]).toEqual([
    { fullForMs: 50 },
    "again",
    "first",
  ]);
  nowMs = 51;
  expect([replays.take("ana", "c", 90), replays.take("ana", "b", 80), replays.take("ana", "d", 90)]).toEqual([
    "first",
    "again",
    { fullForMs: 29 },
  ]);
});
