import { expect, it } from "vitest";
import { tableLines } from "./table.ts";

it("lines columns up and leaves no space at the end of a line", () => {
  expect(
    tableLines([
      ["WHO", "ON", "WHAT"],
      ["ana", "main", "a"],
      ["bö", "-", ""],
    ]),
  ).toEqual(["WHO  ON    WHAT", "ana  main  a", "bö   -"]);
});

it("counts code points, not halves of them", () => {
  expect(
    tableLines([
      ["🚦", "x"],
      ["ab", "y"],
    ]),
  ).toEqual(["🚦   x", "ab  y"]);
});

it("makes nothing of nothing", () => {
  expect(tableLines([])).toEqual([]);
});
