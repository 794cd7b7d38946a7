import { describe, expect, it } from "vitest";
import { clock, left, since, span, until } from "./times.ts";

const nowMs = Date.parse("2026-11-21T14:07:00Z");

describe("a span", () => {
  it.each([
    [-5, "0 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [3_600_000, "1 h"],
    [7_500_000, "2 h 5 min"],
    [26 * 3_600_000, "26 h"],
    [3 * 86_400_000, "3 d"],
  ])("of %i ms is said as %s", (ms, said) => {
    expect(span(ms)).toBe(said);
  });
});

it("says since when and until when, with the date when that is another day", () => {
  expect(since("2026-11-21T14:03:00.000Z", nowMs)).toBe("since 14:03Z (for 4 min)");
  expect(until("2026-11-22T00:07:00Z", nowMs)).toBe("until 2026-11-22 00:07Z (10 h left)");
  expect(left("2026-11-21T14:08:00Z", nowMs)).toBe("1 min left");
});

it("says so when an instant cannot be read", () => {
  expect(clock("soon", nowMs)).toBe("an unknown time");
  expect(since("", nowMs)).toBe("since an unknown time");
  expect(left("soon", nowMs)).toBe("end unknown");
});
