import { expect, it } from "vitest";
import { createUnrecorded } from "./unrecorded.ts";

it("knows a message by its id for as long as its time could count, and none that was dropped", () => {
  let nowMs = 1_000;
  const unrecorded = createUnrecorded(() => nowMs);

  expect(["m", "n", "m"].map((id) => unrecorded.isRepeat(id))).toEqual([false, false, true]);
  unrecorded.drop("n");
  expect(unrecorded.isRepeat("n")).toBe(false);
  nowMs += 600_000;
  expect(unrecorded.isRepeat("m")).toBe(true);
  nowMs += 1;
  expect(unrecorded.isRepeat("m")).toBe(false);
});
