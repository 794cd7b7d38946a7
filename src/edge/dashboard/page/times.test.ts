import { expect, it } from "vitest";
import { ago, left, span } from "./times.ts";

const [second, minute, hour] = [1_000, 60_000, 3_600_000];

it.each([
  [-5, "0 s"],
  [999, "0 s"],
  [59.9 * second, "59 s"],
  [minute, "1 min"],
  [4 * minute + 10 * second, "4 min 10 s"],
  [10 * minute + 10 * second, "10 min"],
  [hour, "1 h"],
  [2 * hour + 5.5 * minute, "2 h 5 min"],
  [76 * hour, "3 d 4 h"],
])("a span of %i ms is %s", (ms, text) => {
  expect(span(ms)).toBe(text);
});

it("says what is just now, what was, and what is over", () => {
  expect([ago(9_999), ago(10_000), left(1), left(0)]).toEqual(["just now", "10 s ago", "0 s", "over"]);
});
