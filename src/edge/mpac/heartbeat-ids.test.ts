import { expect, it } from "vitest";
import { createHeartbeatIds } from "./heartbeat-ids.ts";

it("knows an id for as long as its time could count", () => {
  let nowMs = 1_000;
  const isRepeat = createHeartbeatIds(() => nowMs);

  expect(["m", "n", "m"].map(isRepeat)).toEqual([false, false, true]);
  nowMs += 600_000;
  expect(isRepeat("m")).toBe(true);
  nowMs += 1;
  expect(isRepeat("m")).toBe(false);
});

it("forgets the oldest of very many", () => {
  const isRepeat = createHeartbeatIds(() => 0);
  for (let id = 0; id <= 10_000; id += 1) isRepeat(String(id));

  expect(["1", "0"].map(isRepeat)).toEqual([true, false]);
});
