import { expect, it } from "vitest";
import { onOverlapIn } from "./on-overlap.ts";

it.each([
  { said: undefined, is: "block", reports: 0 },
  { said: " ", is: "block", reports: 0 },
  { said: "wait", is: "wait", reports: 0 },
  { said: " Proceed ", is: "proceed", reports: 0 },
  { said: "procede", is: "block", reports: 1 },
])("takes $said for $is, with $reports lines to the host", ({ said, is, reports }) => {
  const lines: string[] = [];

  expect(onOverlapIn({ MPAC_ON_OVERLAP: said }, (line) => lines.push(line))).toBe(is);
  expect(lines).toHaveLength(reports);
});
